"""How functions are called: of the catalogue and of texts, in one form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from kernel.core.catalogue import Function
from lsp_server.inference.comments import comment_above
from lsp_server.inference.model import Callee, ScriptFunction


@dataclass(frozen=True, slots=True)
class SignatureParameter:
    """A parameter as a client shows it."""

    name: str
    label: str
    type: str = ""
    doc: str = ""
    is_optional: bool = True
    choices: tuple[str, ...] = ()
    """The only texts it takes, as the catalogue has them."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One form of a call, without the name of the function."""

    parameters: tuple[SignatureParameter, ...]
    returns: str = ""
    doc: str = ""
    has_self: bool = False
    """Whether a call with a dot has to give the table itself as the first argument."""
    is_exact: bool = False
    """Whether more arguments are a mistake."""
    least: int = 0

    @property
    def label(self) -> str:
        """``(a, b?: string): number``."""
        inside = ", ".join(each.label for each in self.parameters)
        return f"({inside}){self.returns}"

    def called(self, *, with_colon: bool) -> Signature:
        """As the call looks: a colon gives the first argument, a dot to a method asks for it."""
        parameters, least = self.parameters, self.least
        if with_colon and not self.has_self and parameters and parameters[0].name != "...":
            parameters, least = parameters[1:], max(0, least - 1)
        elif self.has_self and not with_colon:
            parameters = (SignatureParameter("self", "self"), *parameters)
            least += 1
        return Signature(parameters, self.returns, self.doc, self.has_self, self.is_exact, least)


def signature_of(callee: Callee) -> Signature:
    """The form that a function is called in."""
    return _of_script(callee) if isinstance(callee, ScriptFunction) else _of_catalogue(callee)


@lru_cache(maxsize=4096)
def form_called(function: Function, *, with_colon: bool) -> Signature:
    """A function of the catalogue as a call of it looks; the same question is asked often."""
    return _of_catalogue(function).called(with_colon=with_colon)


def _of_catalogue(function: Function) -> Signature:
    return Signature(
        tuple(
            SignatureParameter(
                each.name,
                _label(each.name, each.label),
                each.type,
                each.doc,
                each.is_optional,
                each.choices,
            )
            for each in function.parameters
        ),
        f": {', '.join(function.returns)}" if function.returns else "",
        function.doc,
        function.is_method,
        function.most is not None,
        function.least,
    )


def _label(name: str, label: str) -> str:
    return "..." if label == "...: any" else label.replace(": any", "") if name else label


def _of_script(function: ScriptFunction) -> Signature:
    document, node = function.document, function.node
    listed = node.child_by_field_name("parameters")
    names = [
        document.text(each.start_byte, each.end_byte)
        for each in ([] if listed is None else listed.named_children)
        if each.type in ("identifier", "vararg_expression")
    ]
    name = node.child_by_field_name("name")
    return Signature(
        tuple(SignatureParameter(each, each) for each in names),
        doc=comment_above(document, node.start_byte),
        has_self=name is not None and name.type == "method_index_expression",
    )
