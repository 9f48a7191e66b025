"""The chain of a certificate as steps, from the certificate up to its root, and how long each is valid."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from netbox_ssl.x509 import common_name_in, visible

from .authorities import Link

__all__ = ('Step', 'chain_steps')


@dataclass(frozen=True)
class Step:
    kind: str | Promise
    name: str
    # None: not stored
    valid_to: datetime | None
    # A color of NetBox's theme
    color: str
    # Why it is not green; empty if it is
    problem: str | Promise = ''
    # Empty if the inventory has no certificate for it
    url: str = ''


def chain_steps(certificate, links: list[Link], now: datetime) -> list[Step]:
    """
    Return the certificate, the links of its stored chain, and the root if it is not among them.

    Args:
        certificate: a Certificate or an Issuance
        links: as returned by ``find_links()``
    """
    return list(_steps(certificate, links, now))


def _steps(certificate, links: list[Link], now: datetime) -> Iterator[Step]:
    color, problem = _judge(certificate.valid_to, certificate.valid_to, now)
    name = common_name_in(certificate.subject) or certificate.subject
    yield Step(_('Certificate'), visible(name), certificate.valid_to, color, problem)
    for link in links:
        facts = link.facts
        color, problem = _judge(facts.valid_to, certificate.valid_to, now)
        kind = _('Root') if facts.is_self_signed else _('Intermediate')
        url = link.certificate.get_absolute_url() if link.certificate else ''
        yield Step(kind, visible(facts.name), facts.valid_to, color, problem, url)
    issuer, is_root = (links[-1].facts.issuer, links[-1].facts.is_self_signed) if links else (certificate.issuer, False)
    if issuer and not is_root and issuer != certificate.subject:
        # Servers need not send it: clients have it, or do not trust it.
        yield Step(_('Root of the client'), visible(common_name_in(issuer) or issuer), None, 'secondary')


def _judge(valid_to: datetime, needed_until: datetime, now: datetime) -> tuple[str, str | Promise]:
    if valid_to < now:
        return 'red', _('expired')
    if valid_to < needed_until:
        return 'orange', _('ends before the certificate')
    return 'green', ''
