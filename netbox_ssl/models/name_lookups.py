"""Certificates by the names they have or cover, as conditions; those on whole names use the index on names."""

import re

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from netbox_ssl.x509 import covering_names

__all__ = ('NO_NAME', 'OneOf', 'carrying_q', 'covering_q', 'matching_name_q')

# The message if ``asked_name()`` finds no name
NO_NAME = _('Enter a DNS name or an IP address, for example www.example.com, *.example.com or 2001:db8::1.')


class OneOf(Func):
    """The expression ``value = ANY(array)`` of two expressions."""

    arg_joiner = ' = ANY('
    template = '%(expressions)s)'
    output_field = BooleanField()


class AnyName(Func):
    """The expression that any element of an array matches a pattern; ``arg_joiner`` contains the operator."""

    template = 'EXISTS (SELECT FROM unnest(%(expressions)s))'
    output_field = BooleanField()


# Lookup → pattern of ILIKE, or operator
PATTERNS = {'icontains': '%{}%', 'istartswith': '{}%', 'iendswith': '%{}'}
OPERATORS = {'regex': '~', 'iregex': '~*'}


def carrying_q(model, names, prefix: str = '') -> Q:
    """
    Select the rows of ``model`` (Certificate or Issuance) that have any of ``names``, literally. ``prefix`` is a lookup
    path to the model that ends in ``__``, or empty.

    The condition is an array of keys, which PostgreSQL evaluates first. For a condition on the names themselves it
    expects far too many rows, and reads the whole table in the order of the list to avoid sorting.
    """
    found = model.objects.filter(subject_alt_names__overlap=list(names)).order_by()
    return Q(OneOf(F(f'{prefix}pk'), ArraySubquery(found.values('pk'))))


def matching_name_q(lookup: str, text: str) -> Q:
    """
    Select the rows of which any name matches ``text``. The whole table is read.

    Args:
        lookup: ``icontains``, ``istartswith``, ``iendswith``, ``regex`` or ``iregex``
    """
    if lookup in PATTERNS:
        text = PATTERNS[lookup].format(re.sub(r'([\\%_])', r'\\\1', text))
    operator = OPERATORS.get(lookup, 'ILIKE')
    return Q(AnyName(F('subject_alt_names'), Value(text), arg_joiner=f') AS name WHERE name {operator} ('))


def covering_q(model, asked, prefix: str = '') -> Q:
    """Select as ``carrying_q()`` the rows that cover any of ``asked``, names in their canonical form (RFC 9525)."""
    return carrying_q(model, {name for one in asked for name in covering_names(one)}, prefix)
