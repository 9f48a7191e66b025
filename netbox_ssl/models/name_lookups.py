"""Certificates by the names that they carry or cover, as conditions that the index on those names answers."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q
from django.utils.translation import gettext_lazy as _

from netbox_ssl.x509 import covering_names

__all__ = ('NO_NAME', 'OneOf', 'carrying_q', 'covering_q')

# What is answered where ``asked_name()`` finds none.
NO_NAME = _('Enter a DNS name or an IP address, for example www.example.com, *.example.com or 2001:db8::1.')


class OneOf(Func):
    """``value = ANY(array)``, of two expressions."""

    arg_joiner = ' = ANY('
    template = '%(expressions)s)'
    output_field = BooleanField()


def carrying_q(model, names, prefix: str = '') -> Q:
    """
    Rows of ``model`` (Certificate or Issuance) that carry any of ``names``, literally. ``prefix`` is a lookup path to
    it that ends in ``__``, or empty.

    As an array of keys, which PostgreSQL makes before anything else: of a condition on the names themselves it expects
    far too many rows, and reads the whole table in the order of the list to save itself sorting them.
    """
    found = model.objects.filter(subject_alt_names__overlap=list(names)).order_by()
    return Q(OneOf(F(f'{prefix}pk'), ArraySubquery(found.values('pk'))))


def covering_q(model, asked, prefix: str = '') -> Q:
    """As :func:`carrying_q`: those that cover any of ``asked``, names in their canonical form (RFC 9525)."""
    return carrying_q(model, {name for one in asked for name in covering_names(one)}, prefix)
