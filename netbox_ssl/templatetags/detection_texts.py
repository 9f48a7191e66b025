"""Filters for the results of the detection, whose modules know no language."""

from django import template
from django.utils.translation import gettext, gettext_noop

register = template.Library()

# For ``makemessages``: the confidences of ``acme/detection.py``
CONFIDENCES = (gettext_noop('certain'), gettext_noop('likely'), gettext_noop('possible'), gettext_noop('none'))


@register.filter
def translated(message) -> str:
    """Return a ``Message`` of ``x509/text.py`` in the active language."""
    return gettext(message.template) % message.params


@register.filter
def confidence_text(confidence: str) -> str:
    """Return a confidence in the active language."""
    return gettext(confidence)
