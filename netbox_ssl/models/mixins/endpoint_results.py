"""The results of the checks of an endpoint: which certificate it should serve, and what is to be announced."""

from datetime import datetime, timedelta

from netbox_ssl import settings
from netbox_ssl.choices import EndpointResultChoices

from .endpoint_states import EndpointStatesMixin
from .source_states import LEAST_SILENCE

__all__ = ('EndpointResultsMixin',)

# Results of checks in which a certificate was seen
WITH_CERTIFICATE = (
    EndpointResultChoices.OK,
    EndpointResultChoices.EXPIRED,
    EndpointResultChoices.NOT_YET_VALID,
    EndpointResultChoices.NAME_MISMATCH,
    EndpointResultChoices.UNTRUSTED,
    EndpointResultChoices.INCOMPLETE_CHAIN,
)

# An endpoint is silent after so many intervals between two checks without one.
SILENT_INTERVALS = 3
# A monitor that has seen a result for longer has a wrong clock.
LONGEST = timedelta(days=3650)


class EndpointResultsMixin(EndpointStatesMixin):
    class Meta:
        abstract = True

    def take_result(self, reported: str, detail: str, since: datetime | None, checked_at: datetime) -> None:
        """
        Set the columns for the result of a check; not saved.

        Args:
            reported: one of ``EndpointResultChoices``, as the monitor sees it
            since: since when the monitor has seen this result, if it knows
            checked_at: aware datetime, after the previous check
        """
        self.reported_result, self.result_detail = reported, detail
        self.checked_at = checked_at
        self.silent_at = checked_at + max(LEAST_SILENCE, SILENT_INTERVALS * timedelta(minutes=self.interval or 0))
        result = self._judge()
        self.result_checks = self.result_checks + 1 if result == self.result else 1
        self.outcome_checks = self.outcome_checks + 1 if self._is_same_outcome(result) else 1
        is_known = since is not None and checked_at - LONGEST <= since <= checked_at and result == reported
        self._set_result(result, since if is_known else checked_at)

    def judge_again(self, now: datetime) -> None:
        """Adapt the result of the last check, because another certificate is expected since ``now``; not saved."""
        result = self._judge()
        if result != self.result:
            self.result_checks = 1
            self.outcome_checks = self.outcome_checks if self._is_same_outcome(result) else 1
        self._set_result(result, now)

    def _is_same_outcome(self, result: str) -> bool:
        return bool(self.result) and _is_ok(result) == _is_ok(self.result)

    def _judge(self) -> str:
        """Return the result: what the monitor reported, unless another certificate was seen than the expected one."""
        seen = self.source.issuance if self.source else None
        if None in (seen, self.expected_certificate_id) or self.reported_result not in WITH_CERTIFICATE:
            return self.reported_result
        is_expected = seen.certificate_id == self.expected_certificate_id
        return self.reported_result if is_expected else EndpointResultChoices.OTHER_CERTIFICATE

    def _set_result(self, result: str, since: datetime) -> None:
        """Set the result, and whether it is to be announced: only after it was seen several times in a row."""
        if result != self.result:
            self.result, self.result_since = result, since
        if _is_ok(result) and not self.announced_result:
            # The first check is not a recovery.
            self.announced_result = result
        # One problem after another is another change than a problem after an OK.
        changes_outcome = _is_ok(result) != _is_ok(self.announced_result or EndpointResultChoices.OK)
        checks = self.outcome_checks if changes_outcome else self.result_checks
        if result == self.announced_result or checks < settings.endpoint_problem_checks():
            self.unannounced_since = None
        else:
            self.unannounced_since = self.unannounced_since or self.checked_at


def _is_ok(result: str) -> bool:
    return result == EndpointResultChoices.OK
