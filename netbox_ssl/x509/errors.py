"""The errors for which an input can be refused."""

from typing import Any


class CertificateInputError(ValueError):
    """
    An input without a usable certificate, with cause and remedy in plain English.

    Attributes:
        code: stable identifier of the cause, for programs and tests (``truncated``, ``certificate_request``, …).
        message: the untranslated template, in ``%(name)s`` style.
        params: the values for the template. Never a byte of private key material.

    ``str(error)`` is the finished English sentence; a translation is ``gettext(error.message) % error.params``.
    """

    def __init__(self, code: str, message: str, **params: Any) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return self.message % self.params


class PrivateKeyError(CertificateInputError):
    """The input contains private key material, or is a container for it. ``params['form']`` names the form found."""


class LimitError(CertificateInputError):
    """The input is larger than ``Limits`` allow. ``params`` has ``limit`` and, if known, ``found``."""


class UnreadableError(ValueError):
    """
    A part of a certificate cannot be read, with a reason that is written for users.

    The errors of the libraries are about their data structures.
    """
