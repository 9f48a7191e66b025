"""Results of an import, as JSON for the cache and for jobs, and as rows for pages."""

from collections import Counter

from django.utils.translation import gettext_lazy as _

from netbox_ssl import intake
from netbox_ssl.models import Certificate
from netbox_ssl.refusals import explain

__all__ = ('ACTION_TEXTS', 'Report', 'entry')

ACTION_TEXTS = {
    intake.Action.CREATED: _('Created certificate'),
    intake.Action.RENEWED: _('Renewed certificate'),
    intake.Action.HISTORY: _('Added an older issuance to the history of'),
    intake.Action.UPDATED: _('Updated certificate'),
    intake.Action.UNCHANGED: _('Nothing to change on'),
}
# Action → text and colour of its count
COUNT_TEXTS = {
    intake.Action.CREATED: (_('Created'), 'green'),
    intake.Action.RENEWED: (_('Renewed'), 'green'),
    intake.Action.HISTORY: (_('Added to a history'), 'cyan'),
    intake.Action.UPDATED: (_('Updated'), 'cyan'),
    intake.Action.UNCHANGED: (_('Nothing to change'), 'gray'),
}
# Rows on the page; refusals come first.
MOST_ROWS = 1000


def entry(leaf, outcome) -> dict:
    """Return, as JSON, the result for ``leaf`` or the reasons for its refusal."""
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
    """Results for the page, from entries made by ``entry()``, with links to certificates that ``user`` may view."""

    def __init__(self, entries: list[dict], user):
        self.total = len(entries)
        actions = Counter(each['action'] for each in entries)
        self.refused = actions.pop('', 0)
        # (text, colour, count)
        self.counts = [(*COUNT_TEXTS[action], actions[action]) for action in COUNT_TEXTS if actions[action]]
        # Refusals first; the sort is stable.
        shown = sorted(entries, key=lambda each: (not each['errors'], not each['warnings']))[:MOST_ROWS]
        visible = Certificate.objects.restrict(user, 'view')
        found = visible.only('name').in_bulk({each['certificate'] for each in shown if each.get('certificate')})
        self.rows = [
            {**each, 'text': ACTION_TEXTS.get(each['action']), 'certificate': found.get(each.get('certificate'))}
            for each in shown
        ]
        # Certificates for which assignments may be suggested
        self.certificates = sorted(found)
        self.omitted = self.total - len(self.rows)
