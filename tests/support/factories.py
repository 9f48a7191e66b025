"""Certificates for the tests of pages, API and intake: X.509 certificates with given dates, and objects for them."""

from datetime import timedelta

from core.models import ObjectType
from django.utils import timezone
from users.models import ObjectPermission, User

from netbox_ssl import intake
from netbox_ssl.models import Certificate
from tests.support.acme_issuances import DAY, LIFETIME, in_house_ca, issue_acme, lets_encrypt, successor
from tests.support.certificate_factory import Issued

__all__ = (
    'DAY',
    'LIFETIME',
    'end_chain',
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


def end_chain(certificate: Certificate, left: timedelta) -> Certificate:
    """Return the certificate with a chain whose first link has ``left`` of its lifetime."""
    # Not saved, because the end is otherwise read from the PEMs of the chain
    chain_valid_to = timezone.now().replace(microsecond=0) + left
    Certificate.objects.filter(pk=certificate.pk).update(chain_valid_to=chain_valid_to)
    return Certificate.objects.get(pk=certificate.pk)


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
