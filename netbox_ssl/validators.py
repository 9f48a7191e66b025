"""Read certificates from user input, with errors that NetBox's forms and API show at a field."""

import json
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from . import settings
from .x509 import CertificateInputError, Leaf, ParsedInput, find_private_key, read_certificates

__all__ = ('read_input', 'read_single', 'refuse_private_key')

CA_ONLY = gettext_noop(
    'This is a CA certificate ({name}). Set CA certificate (is_ca) to store it as one, or paste the certificate of a '
    'host.'
)


def refuse_private_key(field: str, value) -> None:
    """Raise a ValidationError at ``field`` if ``value`` (any JSON-like value) contains private key material."""
    text = value if isinstance(value, str | bytes) else json.dumps(value, default=str)
    if form := find_private_key(text):
        raise ValidationError(
            {
                field: _(
                    'This contains a private key ({form}). NetBox SSL never accepts one: nothing was stored. Paste '
                    'only the certificate (BEGIN CERTIFICATE … END CERTIFICATE). If the key has left its host, '
                    'consider it exposed.'
                ).format(form=form)
            }
        )


def read_input(data: bytes | str, field: str = 'pem', allow_ca: bool = False, include_ca: bool = False) -> ParsedInput:
    """
    Return the certificates in text or bytes that were pasted, uploaded or posted. Raises ValidationError at ``field``
    with cause and remedy. The arguments are those of ``read_certificates()``.
    """
    try:
        return read_certificates(data, limits=settings.limits(), allow_ca=allow_ca, include_ca=include_ca)
    except CertificateInputError as error:
        # Translations contain the template, not the finished sentence.
        raise ValidationError({field: _(error.message) % error.params}) from error


def read_single(data: bytes | str, field: str = 'pem', allow_ca: bool = False) -> Leaf:
    """
    Return the only certificate in the input, with the notes on it.

    Raises ValidationError as ``read_input()`` does, and for several.
    """
    try:
        parsed = read_input(data, field, allow_ca)
    except ValidationError as error:
        if isinstance(error.__cause__, CertificateInputError) and error.__cause__.code == 'ca_only':
            raise ValidationError({field: _(CA_ONLY).format(**error.__cause__.params)}) from error
        raise
    names = ', '.join(leaf.facts.name for leaf in parsed.leaves[:5])
    if len(parsed.leaves) > 1:
        raise ValidationError(
            {
                field: _(
                    'This contains {count} certificates ({names}). Enter one at a time, or use Smart Paste, which '
                    'accepts all.'
                ).format(count=len(parsed.leaves), names=names)
            }
        )
    if parsed.unrelated:
        raise ValidationError(
            {
                field: _('Not part of the chain of {leaf}: {names}. Remove it.').format(
                    leaf=names, names=', '.join(facts.name for facts in parsed.unrelated[:5])
                )
            }
        )
    return replace(parsed.leaves[0], notes=parsed.notes)
