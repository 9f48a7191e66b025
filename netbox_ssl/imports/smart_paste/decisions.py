"""The decisions of the user in the preview: whether a certificate is new, or which one it renews."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from netbox_ssl import intake
from netbox_ssl.models import Certificate
from netbox_ssl.x509 import Leaf, visible

__all__ = ('NEW', 'Decisions', 'field_name')

# Prefix of the fingerprint in the name of a form field
PREFIX = 'renews-'
NEW = 'new'
# Characters of an ID; a longer one exceeds the range of the database.
MOST_SHOWN = 19


def field_name(leaf: Leaf) -> str:
    """Return the name of the form field for ``leaf``. Its value is empty, ``NEW``, or the ID of a certificate."""
    return f'{PREFIX}{leaf.facts.fingerprint_sha256}'


class Decisions:
    """The decisions in a submitted form. An empty field means the default shown in the preview."""

    def __init__(self, data: Mapping[str, str] | None = None):
        self.chosen = {
            name.removeprefix(PREFIX): value
            for name, value in (data or {}).items()
            if name.startswith(PREFIX) and value
        }

    def items(self, leaves: Iterable[Leaf], user, attributes: dict | None = None) -> list[intake.Item]:
        """Return the items to import. Items of leaves with one of the ``problems()`` must not be imported."""
        certificates = self._certificates(user)
        items = []
        for leaf in leaves:
            chosen = self._chosen_for(leaf)
            named = certificates.get(chosen)
            items.append(intake.Item(leaf, dict(attributes or {}), certificate=named, is_new=chosen == NEW))
        return items

    def problems(self, leaves: Iterable[Leaf], user) -> dict[str, str]:
        """
        Return fingerprint → message for each leaf that should renew a certificate that was deleted since the preview,
        or that ``user`` may not view.
        """
        possible = {'', NEW, *self._certificates(user)}
        message = _(
            '{name} was not imported: the certificate that it should renew (ID {pk}) has been deleted, or you do not '
            'have permission to view it. Choose again what it renews.'
        )
        return {
            leaf.facts.fingerprint_sha256: message.format(name=leaf.facts.name, pk=visible(chosen, MOST_SHOWN))
            for leaf in leaves
            if (chosen := self._chosen_for(leaf)) not in possible
        }

    def _chosen_for(self, leaf: Leaf) -> str:
        return self.chosen.get(leaf.facts.fingerprint_sha256, '')

    def _certificates(self, user) -> dict[str, Certificate]:
        """Return the chosen certificates that the user may view, by their IDs as submitted."""
        pks = {int(value) for value in self.chosen.values() if value.isdecimal() and len(value) < MOST_SHOWN}
        if not pks:
            return {}
        return {str(pk): each for pk, each in Certificate.objects.restrict(user, 'view').in_bulk(pks).items()}
