"""Redactor: takes secrets out of what people and other programs get to see.

A secret is known by the name it stands under or by its form. What is kept is never changed;
exports, logs and events are.
"""

import logging
import re
from itertools import pairwise

from kernel.state.values import Json

SHOWN = "[redacted]"

WORDS = {
    "apikey", "authorization", "cookie", "credential", "credentials", "passphrase", "passwd",
    "password", "passwords", "pwd", "secret", "secrets", "token", "tokens",
}  # fmt: skip
"""A name with one of these words in it names a secret,"""

KEYS = {"access", "api", "encryption", "license", "master", "private", "secret", "signing", "ssh"}
"""and so does one with one of these before ``key`` or ``keys``,"""

HARMLESS = {"count", "counts", "limit", "limits", "max", "min", "total", "usage", "used", "budget"}
"""unless it also has one of these: ``max_tokens`` and ``token_count`` are numbers."""

FORMS = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    "JSON web token": r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    "HTTP authorization": r"\b(?P<kept_scheme>Bearer|Basic) +[\w.~+/-]{8,}=*",
    "key of a model's provider": r"\b[spr]k-[\w-]{16,}",
    "GitHub token": r"\bgh[opusr]_\w{20,}|\bgithub_pat_\w{20,}",
    "GitLab token": r"\bglpat-[\w-]{16,}",
    "AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "Google key": r"\bAIza[\w-]{35}",
    "Slack token": r"\bxox[abeprs]-[\w-]{10,}",
    "password in a URL": r"(?P<kept_user>://[^/\s:@]*:)[^/\s@]+(?=@)",
}
"""What a text with a secret in it looks like. Groups called ``kept_…`` stay."""

_FORMS = re.compile("|".join(f"(?:{form})" for form in FORMS.values()), re.DOTALL)
_SAID = re.compile(r"""([\w-]+)(["']?\s*[=:]\s*)("[^"\n]*"|'[^'\n]*'|[^\s"',;&}\])]+)""")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


class Redactor:
    """Replaces secrets; ``names`` are names of secrets besides those that are known."""

    def __init__(self, names: frozenset[str] = frozenset()) -> None:
        self._names = {name.casefold() for name in names}

    def is_secret(self, name: str) -> bool:
        """Whether what stands under such a name is a secret, ``apiKey`` or ``DB_PASSWORD`` say."""
        if name.casefold() in self._names:
            return True
        words = [word.lower() for word in _WORD.findall(name)]
        if HARMLESS & set(words):
            return False
        pairs = pairwise(words)
        return bool(WORDS & set(words)) or any(
            first in KEYS and second in ("key", "keys") for first, second in pairs
        )

    def value(self, value: Json, name: str = "") -> Json:
        """A copy without secrets; it stands under ``name``. Booleans and null stay."""
        match value:
            case None | bool():
                return value
            case _ if name and self.is_secret(name):
                return SHOWN
            case str():
                return self.text(value)
            case list():
                return [self.value(item, name) for item in value]
            case dict():
                return {key: self.value(item, key) for key, item in value.items()}
            case _:
                return value

    def text(self, text: str) -> str:
        """A text without what has the form of a secret, or is said to be one (``password=…``)."""
        return _SAID.sub(self._said, _FORMS.sub(_form, text))

    def _said(self, found: re.Match[str]) -> str:
        name, between, said = found.groups()
        if not self.is_secret(name) or SHOWN.startswith(said) or said in ("Bearer", "Basic"):
            return found[0]
        quote = said[0] if said[0] in "\"'" else ""
        return f"{name}{between}{quote}{SHOWN}{quote}"


class RedactingFilter(logging.Filter):
    """For handlers of the logging module: messages and tracebacks go out without secrets."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the secrets out; nothing is held back."""
        record.msg, record.args = self._redactor.text(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._redactor.text(record.exc_text)
        return True


def _form(found: re.Match[str]) -> str:
    kept = next((text for text in found.groupdict().values() if text), "")
    return f"{kept} {SHOWN}" if kept.isalpha() else f"{kept}{SHOWN}"
