"""The decisions of the user in the preview: whether a certificate is new, or which one it renews."""

from collections.abc import Iterable, Mapping

from netbox_ssl import intake
from netbox_ssl.models import Certificate
from netbox_ssl.x509 import Leaf

__all__ = ('NEW', 'Decisions', 'field_name')

# Prefix of the fingerprint in the name of a form field
PREFIX = 'renews-'
NEW = 'new'


def field_name(leaf: Leaf) -> str:
    """Return the name of the form field for ``leaf``. Its value is empty, ``NEW``, or the ID of a certificate."""
    return f'{PREFIX}{leaf.facts.fingerprint_sha256}'


class Decisions:
    """The decisions in a submitted form. An empty field means the default shown in the preview."""

    def __init__(self, data: Mapping[str, str] | None = None):
        self.chosen = {
            name.removeprefix(PREFIX): value
            for name, value in (data or {}).items()
            if name.startswith(PREFIX) and (value == NEW or (value.isdecimal() and len(value) < 19))
        }

    def items(self, leaves: Iterable[Leaf], user, attributes: dict | None = None) -> list[intake.Item]:
        """
        Return the items to import. Ignores decisions for a certificate that ``user`` may not view or that was deleted.
        """
        pks = {int(value) for value in self.chosen.values() if value != NEW}
        certificates = Certificate.objects.restrict(user, 'view').in_bulk(pks) if pks else {}
        items = []
        for leaf in leaves:
            chosen = self.chosen.get(leaf.facts.fingerprint_sha256, '')
            named = certificates.get(int(chosen)) if chosen.isdecimal() else None
            items.append(intake.Item(leaf, dict(attributes or {}), certificate=named, is_new=chosen == NEW))
        return items
