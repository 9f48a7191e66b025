"""The scan of the whole inventory for suggested assignments, as a background job with progress."""

from datetime import timedelta

from core.choices import JobStatusChoices
from core.models import Job
from django.utils import timezone
from django.utils.translation import ngettext
from netbox.jobs import JobRunner

from netbox_ssl.places.suggestions import count_named, find_all

__all__ = ('SuggestionJob',)

# RQ ends a job after 300 s by default: an older job that is still "running" has lost its worker.
IS_DEAD_AFTER = timedelta(minutes=30)


class SuggestionJob(JobRunner):
    class Meta:
        name = 'Suggest certificate assignments'

    @classmethod
    def latest(cls) -> Job | None:
        return Job.objects.filter(name=cls.name).order_by('-created').first()

    @classmethod
    def is_under_way(cls, job: Job | None) -> bool:
        """Return whether ``job`` is waiting or running. One job at a time is enough, because all do the same."""
        unfinished = job is not None and job.status in JobStatusChoices.ENQUEUED_STATE_CHOICES
        return unfinished and (job.started or job.created) > timezone.now() - IS_DEAD_AFTER

    def run(self, **kwargs):
        total = count_named()
        self._report(0, total)
        find_all(lambda done: self._report(done, total))
        self.job.data = {'percent': 100}
        message = ngettext(
            'Compared {count} name of an object with those of all certificates',
            'Compared {count} names of objects with those of all certificates',
            total,
        )
        self.logger.info(message.format(count=total))

    def _report(self, done: int, total: int) -> None:
        """Store the progress now, in percent, because not every user may know the number of objects."""
        percent = min(99, 100 * done // max(total, 1))
        if (self.job.data or {}).get('percent') != percent:
            self.job.data = {'percent': percent}
            Job.objects.filter(pk=self.job.pk).update(data=self.job.data)
