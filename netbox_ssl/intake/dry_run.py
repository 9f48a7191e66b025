"""What an import would do, without doing it."""

from netbox_ssl import intake
from netbox_ssl.x509 import name_key

from .single import differences, settings_of

__all__ = ('Preview',)


class Preview:
    """For dry runs: remembers what would have come in before, since the database does not."""

    def __init__(self, user):
        self.user = user
        self._newest: dict[str, tuple] = {}

    def action(self, item: intake.Item) -> str:
        """What would be done with ``item``. Raises one of ``intake.REFUSALS``."""
        plan = intake.plan_leaf(item.leaf, self.user, external_id=item.external_id)
        attributes = settings_of(item)
        if plan.action == intake.Action.CREATED:
            return self._among_the_new(item.leaf.facts)
        if plan.action == intake.Action.UNCHANGED and differences(plan.certificate, attributes):
            return intake.Action.UPDATED
        return plan.action

    def _among_the_new(self, facts) -> str:
        key, age = name_key(facts), (facts.valid_from, facts.valid_to, facts.fingerprint_sha256)
        newest = self._newest.setdefault(key, age)
        if newest == age:
            return intake.Action.CREATED
        if newest > age:
            return intake.Action.HISTORY
        self._newest[key] = age
        return intake.Action.RENEWED
