"""What a person has decided in the preview: that a certificate is a new one, or which one it renews."""

from collections.abc import Iterable, Mapping

from netbox_ssl import intake
from netbox_ssl.models import Certificate
from netbox_ssl.x509 import Leaf

__all__ = ('NEW', 'Decisions', 'field_name')

# Before the fingerprint, in the name of the form's field
PREFIX = 'renews-'
NEW = 'new'


def field_name(leaf: Leaf) -> str:
    """Return the name of the form's field for ``leaf``; its value is empty, ``NEW``, or the ID of a certificate."""
    return f'{PREFIX}{leaf.facts.fingerprint_sha256}'


class Decisions:
    """The decisions in a form that was sent; what is left empty is decided as it was shown."""

    def __init__(self, data: Mapping[str, str] | None = None):
        self.chosen = {
            name.removeprefix(PREFIX): value
            for name, value in (data or {}).items()
            if name.startswith(PREFIX) and (value == NEW or (value.isdecimal() and len(value) < 19))
        }

    def items(self, leaves: Iterable[Leaf], user, attributes: dict | None = None) -> list[intake.Item]:
        """Return what is to be imported. A certificate that ``user`` may not see, or no longer there, is not named."""
        pks = {int(value) for value in self.chosen.values() if value != NEW}
        certificates = Certificate.objects.restrict(user, 'view').in_bulk(pks) if pks else {}
        items = []
        for leaf in leaves:
            chosen = self.chosen.get(leaf.facts.fingerprint_sha256, '')
            named = certificates.get(int(chosen)) if chosen.isdecimal() else None
            items.append(intake.Item(leaf, dict(attributes or {}), certificate=named, is_new=chosen == NEW))
        return items
