"""Certificates by the names they have or cover, as conditions that use the index on names."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q
from django.utils.translation import gettext_lazy as _

from netbox_ssl.x509 import covering_names

__all__ = ('NO_NAME', 'OneOf', 'carrying_q', 'covering_q')

# The message if ``asked_name()`` finds no name
NO_NAME = _('Enter a DNS name or an IP address, for example www.example.com, *.example.com or 2001:db8::1.')


class OneOf(Func):
    """The expression ``value = ANY(array)`` of two expressions."""

    arg_joiner = ' = ANY('
    template = '%(expressions)s)'
    output_field = BooleanField()


def carrying_q(model, names, prefix: str = '') -> Q:
    """
    Select the rows of ``model`` (Certificate or Issuance) that have any of ``names``, literally. ``prefix`` is a lookup
    path to the model that ends in ``__``, or empty.

    The condition is an array of keys, which PostgreSQL evaluates first. For a condition on the names themselves it
    expects far too many rows, and reads the whole table in the order of the list to avoid sorting.
    """
    found = model.objects.filter(subject_alt_names__overlap=list(names)).order_by()
    return Q(OneOf(F(f'{prefix}pk'), ArraySubquery(found.values('pk'))))


def covering_q(model, asked, prefix: str = '') -> Q:
    """Select as ``carrying_q()`` the rows that cover any of ``asked``, names in their canonical form (RFC 9525)."""
    return carrying_q(model, {name for one in asked for name in covering_names(one)}, prefix)
