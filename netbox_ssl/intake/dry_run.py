"""Determine what an import would do."""

from netbox_ssl.models.issuance_order import age_key
from netbox_ssl.x509 import CertificateFacts, name_key

from .attributes import differences, effective_settings, extends_chain
from .planning import plan_item
from .results import Action, Item

__all__ = ('Preview', 'action_after')


def action_after(newest: dict, key, facts: CertificateFacts) -> str:
    """
    Return what an import does with ``facts`` after others of the same certificate, and record them: a newer one renews
    the certificate, an older one joins its history.

    Args:
        newest: key of a certificate → ``age_key`` of the newest so far
    """
    age = age_key(facts)
    before = newest.setdefault(key, age)
    newest[key] = max(before, age)
    if before == age:
        return Action.CREATED
    return Action.RENEWED if age > before else Action.HISTORY


class Preview:
    """Remembers the previous items of a dry run, because the database does not contain them."""

    def __init__(self, user):
        self.user = user
        self._newest: dict = {}

    def action(self, item: Item) -> str:
        """Return what would be done with ``item``. Raises one of ``netbox_ssl.refusals.REFUSALS``."""
        plan = plan_item(item, self.user)
        if plan.action == Action.CREATED:
            # The first report of a source creates a separate certificate.
            return plan.action if item.external_id else self._among_the_new(item)
        if plan.action == Action.UNCHANGED:
            given = effective_settings(item, plan.certificate, is_known=True)
            changed = extends_chain(item, plan.certificate) or differences(plan.certificate, given)
            return Action.UPDATED if changed else plan.action
        return plan.action

    def _among_the_new(self, item: Item) -> str:
        return action_after(self._newest, (name_key(item.facts), item.family), item.facts)
