"""What a text calls a function: ``f``, ``M.f``, ``Class:method``."""

from tree_sitter import Node


def name_of(function: Node) -> str | None:
    """The name a function is declared or assigned with; None if it is only a value."""
    if function.type == "function_declaration":
        name = function.child_by_field_name("name")
        return None if name is None else _text(name)
    return _assigned_name(function)


def _assigned_name(value: Node) -> str | None:
    """The name of the variable or field that a function or table is written into."""
    holder = value.parent
    if holder is None:
        return None
    if holder.type == "field":
        key = _key(holder)
        table = holder.parent
        if key is None or table is None:
            return None
        owner = _assigned_name(table)
        return key if owner is None else f"{owner}.{key}"
    if holder.type == "expression_list" and holder.parent is not None:
        return _target(holder, value, holder.parent)
    return None


def _key(field: Node) -> str | None:
    name = field.child_by_field_name("name")
    if name is None:
        return None
    if name.type == "identifier":
        return None if field.children[0].type == "[" else _text(name)
    return _text(name)[1:-1] if name.type == "string" else None


def _target(values: Node, value: Node, assignment: Node) -> str | None:
    if assignment.type != "assignment_statement":
        return None
    variables = assignment.children[0].children_by_field_name("name")
    targets = variables or assignment.children[0].named_children
    index = values.named_children.index(value)
    return _text(targets[index]) if index < len(targets) else None


def _text(node: Node) -> str:
    text = node.text or b""
    return "".join(text.decode("utf-8", "backslashreplace").split())
