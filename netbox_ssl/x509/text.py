"""Text for people: messages that a caller can translate, and text from certificates made safe to store and show."""

from typing import Any, Self

# Characters kept of a common name or an organisation (RFC 5280 allows 64; RFC 1035 allows 253 for a host name).
MAX_NAME_LENGTH = 255

# Characters kept of a whole distinguished name
MAX_DN_LENGTH = 2048

# Octets kept of one subject alternative name, in UTF-8. An entry of PostgreSQL's index has at most 2,704 octets.
MAX_SAN_OCTETS = 2048


def gettext_noop(text: str) -> str:
    """Mark ``text`` for ``makemessages`` and return it unchanged: callers may translate it."""
    return text


class Message(str):
    """
    A finished English sentence that keeps its ``template`` and ``params``, so that a caller can translate it.

    It is an ordinary ``str`` for JSON, templates and logs. Translate it with
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


def fits_index(name: str) -> bool:
    """Return whether a subject alternative name is short enough to be stored."""
    # Most names are far shorter, so counting characters is enough for them.
    return len(name) * 4 <= MAX_SAN_OCTETS or len(name.encode(errors='replace')) <= MAX_SAN_OCTETS


def visible_name(text: str) -> str:
    """Return a subject alternative name as ``visible()`` does, cut off so that it ``fits_index()``."""
    text = visible(text, MAX_SAN_OCTETS)
    if fits_index(text):
        return text
    ellipsis = '…'
    kept = text.encode()[: MAX_SAN_OCTETS - len(ellipsis.encode())]
    # The last character may have been cut in two.
    return kept.decode(errors='ignore').removesuffix(ellipsis) + ellipsis


def visible(text: str, limit: int = MAX_NAME_LENGTH) -> str:
    r"""
    Return ``text`` with invisible characters spelled out (``\x00``, ``\u202e``), at most ``limit`` characters.

    Escapes control characters, which PostgreSQL refuses, and characters that mislead terminals and browsers: direction
    overrides, zero-width characters, unusual spaces, unassigned code points and lone surrogates. Text that was cut off
    ends in ``…``. The certificate itself is stored unchanged.
    """
    if not text.isprintable():
        text = ''.join(
            char if char.isprintable() else char.encode('unicode_escape').decode('ascii') for char in text[:limit]
        ) + ('…' if len(text) > limit else '')
    return text if len(text) <= limit else text[: limit - 1] + '…'
