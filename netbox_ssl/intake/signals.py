"""What others may want to know of imports, without the intake knowing them."""

from django.dispatch import Signal

__all__ = ('issued',)

# Certificates have new X.509 certificates. Sent within the transaction of the import, once for a list.
issued = Signal()
