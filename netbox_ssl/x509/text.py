"""Text for people: messages a caller can translate, and text from certificates made safe to store and to show."""

from typing import Any, Self

MAX_NAME_LENGTH = 255
"""Characters kept of a common name or an organisation (RFC 5280 allows 64; RFC 1035 allows 253 for a host name)."""

MAX_DN_LENGTH = 2048
"""Characters kept of a whole distinguished name, and of one subject alternative name: short enough for an index."""


def gettext_noop(text: str) -> str:
    """Mark ``text`` for ``makemessages`` and return it unchanged: this package translates nothing, its callers may."""
    return text


class Message(str):
    """A finished English sentence that still knows its ``template`` and ``params``, so that a caller can translate it.

    It is an ordinary ``str`` (JSON, templates and logs need nothing special); a translation is
    ``gettext(message.template) % message.params``. ``code`` is stable and meant for programs.
    """

    code: str
    template: str
    params: dict[str, Any]

    def __new__(cls, code: str, template: str, **params: Any) -> Self:
        self = super().__new__(cls, template % params)
        self.code, self.template, self.params = code, template, params
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]:
        return (self.code, self.template), self.params


def visible(text: str, limit: int = MAX_NAME_LENGTH) -> str:
    r"""Return ``text`` with invisible characters spelled out (``\x00``, ``\u202e``), at most ``limit`` characters.

    Escaped are control characters, direction overrides, zero-width characters, unusual spaces, unassigned code points
    and lone surrogates: PostgreSQL refuses the first, terminals and browsers are misled by the rest. What was cut off
    ends in ``…``. The certificate itself is stored untouched, so nothing is lost.
    """
    if not text.isprintable():
        text = ''.join(
            char if char.isprintable() else char.encode('unicode_escape').decode('ascii') for char in text[:limit]
        ) + ('…' if len(text) > limit else '')
    return text if len(text) <= limit else text[: limit - 1] + '…'
