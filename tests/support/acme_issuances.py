"""X.509 certificates with given dates, from a CA that detection recognises or not. Needs no NetBox."""

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography.x509 import SubjectAlternativeName

from tests.support.certificate_factory import Issued, issue, make_ca

__all__ = ('DAY', 'LIFETIME', 'in_house_ca', 'issue_acme', 'lets_encrypt', 'successor')

DAY = timedelta(days=1)
# Due 30 days, and overdue 15 days, before expiry
LIFETIME = timedelta(days=90)


@cache
def lets_encrypt():
    """Return a CA that detection recognises as Let's Encrypt's R12 by its real key identifier."""
    return make_ca("Let's Encrypt", 'R12', key_id='00B529F22D8E6F31E89B4CAD783EFADCE90CD1D2')


@cache
def in_house_ca():
    """Return a CA that is not in the catalogue."""
    return make_ca('Example Corp', 'Example Issuing CA')


def issue_acme(names='www.example.net', left: timedelta = 60 * DAY, *, ca=None, **options) -> Issued:
    """Return an X.509 certificate that has ``left`` of its 90 days, by default from Let's Encrypt."""
    valid_to = datetime.now(UTC).replace(microsecond=0) + left
    return issue(names, ca or lets_encrypt(), valid_to - LIFETIME, valid_to, **options)


def successor(issued: Issued, later: timedelta = 60 * DAY, *, ca=None, **options) -> Issued:
    """Return the renewal of ``issued``; with a negative ``later``, its predecessor."""
    old = issued.certificate
    names = old.extensions.get_extension_for_class(SubjectAlternativeName).value
    return issue(
        [str(name.value) for name in names],
        ca or lets_encrypt(),
        old.not_valid_before_utc + later,
        old.not_valid_after_utc + later,
        **options,
    )
