"""What an import has done, in a form that the cache, a job and a page can keep and show."""

from collections import Counter

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext_lazy as _

from netbox_ssl import intake
from netbox_ssl.models import Certificate

__all__ = ('ACTION_TEXTS', 'Report', 'entry', 'explain')

ACTION_TEXTS = {
    intake.Action.CREATED: _('Created certificate'),
    intake.Action.RENEWED: _('Renewed certificate'),
    intake.Action.HISTORY: _('Added an older issuance to the history of'),
    intake.Action.UPDATED: _('Updated certificate'),
    intake.Action.UNCHANGED: _('Nothing to change on'),
}
# Of several: text, color
COUNT_TEXTS = {
    intake.Action.CREATED: (_('Created'), 'green'),
    intake.Action.RENEWED: (_('Renewed'), 'green'),
    intake.Action.HISTORY: (_('Added to a history'), 'cyan'),
    intake.Action.UPDATED: (_('Updated'), 'cyan'),
    intake.Action.UNCHANGED: (_('Nothing to change'), 'gray'),
}
# A page with more rows is of no use to anybody; refusals come first.
MOST_ROWS = 1000


def explain(error: Exception) -> list[str]:
    """The sentences of one of ``intake``'s refusals."""
    if isinstance(error, ValidationError):
        return [str(message) for message in error.messages]
    return [str(error) if isinstance(error, PermissionDenied) else str(error.message)]


def entry(leaf, outcome) -> dict:
    """JSON: what was done with ``leaf``, or why nothing was."""
    if isinstance(outcome, intake.Refusal):
        return {'name': leaf.facts.name, 'action': '', 'errors': explain(outcome.error), 'warnings': []}
    return {
        'name': leaf.facts.name,
        'action': outcome.action,
        'certificate': outcome.certificate.pk,
        'errors': [],
        'warnings': [str(warning) for warning in outcome.warnings],
    }


class Report:
    """For the page of results: entries as ``entry()`` makes them, with links where ``user`` may follow them."""

    def __init__(self, entries: list[dict], user):
        self.total = len(entries)
        actions = Counter(each['action'] for each in entries)
        self.refused = actions.pop('', 0)
        # (what was done, color, how many)
        self.counts = [(*COUNT_TEXTS[action], actions[action]) for action in COUNT_TEXTS if actions[action]]
        # Sorting keeps the order of equals.
        shown = sorted(entries, key=lambda each: (not each['errors'], not each['warnings']))[:MOST_ROWS]
        visible = Certificate.objects.restrict(user, 'view')
        found = visible.only('name').in_bulk({each['certificate'] for each in shown if each.get('certificate')})
        self.rows = [
            {**each, 'text': ACTION_TEXTS.get(each['action']), 'certificate': found.get(each.get('certificate'))}
            for each in shown
        ]
        # For which assignments may be suggested
        self.certificates = sorted(found)
        self.omitted = self.total - len(self.rows)
