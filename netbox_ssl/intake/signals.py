"""Signals about imports, so that the intake does not depend on the receivers."""

from django.dispatch import Signal

__all__ = ('issued',)

# New X.509 certificates were imported. Sent within the transaction of the import, once for a list.
issued = Signal()
