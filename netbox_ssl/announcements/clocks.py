"""How far the clocks of machines that announce may differ."""

from datetime import timedelta

__all__ = ('BACKWARDS_MARGIN',)

# The clocks of workers and web servers differ a little. Without a margin, two of them would alternately announce
# "Expired" and "Due" when a certificate expires.
BACKWARDS_MARGIN = timedelta(minutes=1)
