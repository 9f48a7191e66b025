"""Certificates for the tests of pages, API and intake: X.509 certificates with given dates, and objects for them."""

from datetime import timedelta
from functools import cache

from core.models import ObjectType
from cryptography.x509 import SubjectAlternativeName
from django.utils import timezone
from users.models import ObjectPermission, User

from netbox_ssl import intake
from netbox_ssl.models import Certificate
from tests.support.certificate_factory import Issued, issue, make_ca

__all__ = (
    'DAY',
    'LIFETIME',
    'facts',
    'grant',
    'import_pem',
    'in_house_ca',
    'issue_acme',
    'lets_encrypt',
    'record',
    'successor',
    'superuser',
)

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
    valid_to = timezone.now().replace(microsecond=0) + left
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


def record(name='www.example.net', left: timedelta = 60 * DAY, **columns) -> Certificate:
    """Return a saved Certificate without PEM that has ``left`` of its 90 days, with ACME and auto-renewal."""
    valid_to = timezone.now().replace(microsecond=0) + left
    certificate = Certificate(
        **{
            'name': name,
            'valid_from': valid_to - LIFETIME,
            'valid_to': valid_to,
            'is_acme': True,
            'acme_auto_renewal': True,
            **columns,
        }
    )
    certificate.full_clean()
    certificate.save()
    return certificate


def facts(left: timedelta = 60 * DAY) -> dict:
    """Return the required fields of a certificate without PEM, for REST and forms."""
    valid_to = timezone.now().replace(microsecond=0) + left
    return {'name': 'typed.example.net', 'valid_from': valid_to - LIFETIME, 'valid_to': valid_to}


def superuser(name='admin') -> User:
    return User.objects.get_or_create(username=name, defaults={'is_superuser': True})[0]


def import_pem(issued: Issued | str, user=None, certificate=None, **attributes) -> intake.Result:
    """Import it through the intake, with its chain."""
    leaf = intake.read_single(issued if isinstance(issued, str) else issued.fullchain_pem)
    return intake.take_in(leaf, user or superuser(), attributes, certificate)


def grant(user, *actions, constraints=None, model=Certificate) -> ObjectPermission:
    """Give ``user`` a NetBox object permission."""
    permission = ObjectPermission(name=f'{user} {actions} {constraints}'[:100], actions=list(actions))
    permission.constraints = constraints
    permission.save()
    permission.users.add(user)
    permission.object_types.add(ObjectType.objects.get_for_model(model))
    return permission
