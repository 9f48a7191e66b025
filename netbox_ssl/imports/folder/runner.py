"""Import the certificates of files into NetBox, batch by batch."""

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import IntegrityError, reset_queries
from django.utils.translation import gettext as _

from netbox_ssl import intake
from netbox_ssl.choices import SourceKindChoices
from netbox_ssl.intake.dry_run import Preview
from netbox_ssl.models import CertificateSource
from netbox_ssl.netbox_internals import NetBoxFakeRequest, event_tracking
from netbox_ssl.refusals import REFUSALS, explain, is_about_permissions
from netbox_ssl.utilities import retried
from netbox_ssl.validators import refuse_private_key

from .files import Found, Problem, read_source
from .known_files import Stored, with_stored
from .walk import Source, WalkError

__all__ = ('FolderImport', 'Listener', 'Options', 'Outcome', 'background_request')

# Fingerprints remembered, 100 bytes each
MOST_SEEN = 500_000


@dataclass(frozen=True)
class Options:
    """Settings for all certificates found."""

    # As in ``intake.Item``
    attributes: dict = field(default_factory=dict)
    # The reporting client; if set, each file becomes a CertificateSource
    client: str = ''
    external_id_prefix: str = ''
    batch_size: int = 500
    dry_run: bool = False
    # Whether CA certificates are imported, too, besides being in the chains of others
    include_ca: bool = False


@dataclass
class Outcome:
    """Counts of what has been done so far."""

    files: int = 0
    actions: Counter = field(default_factory=Counter)
    # By cause
    refused: Counter = field(default_factory=Counter)
    # By cause; not errors
    skipped: Counter = field(default_factory=Counter)

    @property
    def certificates(self) -> int:
        return self.actions.total()


class Listener:
    """Notified about the progress. Every method is optional."""

    def refused(self, where: str, message: str) -> None:
        """Handle a certificate that was refused."""

    def skipped(self, where: str, message: str) -> None:
        """Handle data that was not imported without being an error."""

    def planned(self, where: str, action: str, name: str) -> None:
        """Handle a planned action, in dry runs."""

    def read(self, count: int) -> None:
        """Handle that ``count`` more bytes have been read."""

    def written(self, outcome: Outcome) -> None:
        """Handle a stored batch."""


class FolderImport:
    """
    An import on behalf of ``user``. Each batch is one transaction and, to the change log and the event rules, one
    request; it is kept even if a later one fails. When the import is repeated, existing certificates are left
    unchanged.
    """

    def __init__(self, user, options: Options, listener: Listener | None = None):
        self.user, self.options, self.listener = user, options, listener or Listener()
        self.outcome = Outcome()
        self.stopped = False
        self._batch: list[tuple[str, intake.Item]] = []
        self._folder: Path | None = None
        self._seen: set[bytes] = set()
        self._planner = Preview(user)

    def stop(self) -> None:
        """Stop after the batch that is being stored."""
        self.stopped = True

    def run(self, sources: Iterable[Source | WalkError]) -> Outcome:
        """Import all of ``sources``."""
        for source, stored in with_stored(sources):
            if self.stopped:
                return self.outcome
            if isinstance(source, WalkError):
                self._refuse(source.path, 'cannot_be_read', source.reason)
            else:
                self._import_source(source, stored)
        if not self.stopped:
            self._write()
        return self.outcome

    def _import_source(self, source: Source, stored: Stored | None) -> None:
        self.outcome.files += 1
        self._enter(source.folder)
        for found in read_source(source, self.listener.read, self.options.include_ca, stored):
            if isinstance(found, Problem):
                self._note(source, found)
            else:
                self._add(source, found)
            if self.stopped:
                return

    def _enter(self, folder: Path | None) -> None:
        """
        Forget fingerprints on entering a new folder, because a certificate in several folders has several sources.
        """
        moved = self.options.client and folder != self._folder
        if moved or len(self._seen) > MOST_SEEN:
            self._seen.clear()
        self._folder = folder

    def _note(self, source: Source, problem: Problem) -> None:
        where = f'{source}, block {problem.block}' if problem.block else str(source)
        if problem.skipped:
            self._skip(where, problem.cause, problem.message)
        else:
            self._refuse(where, problem.cause, problem.message)

    def _add(self, source: Source, found: Found) -> None:
        facts = found.leaf.facts
        fingerprint = bytes.fromhex(facts.fingerprint_sha256)
        if fingerprint in self._seen:
            self._skip(str(source), 'repeated', _('{name} was already found in another file').format(name=facts.name))
            return
        self._seen.add(fingerprint)
        try:
            external_id = self._external_id(source, found)
        except ValidationError as error:
            self._refuse(str(source), 'external_id', ' '.join(error.messages))
            return
        item = intake.Item(
            found.leaf,
            self.options.attributes,
            external_id=external_id,
            client=self.options.client,
            kind=SourceKindChoices.COPY if external_id else '',
        )
        if self.options.dry_run:
            self._preview(str(source), item)
            return
        self._batch.append((str(source), item))
        if len(self._batch) >= self.options.batch_size:
            self._write()

    def _external_id(self, source: Source, found: Found) -> str:
        """Return an ID by the path, and in a bundle also by the lineage, so that renewals report the same sources."""
        if not self.options.client:
            return ''
        external_id = f'{self.options.external_id_prefix}:{source.relative}'
        if not found.alone:
            external_id += f'#{found.leaf.facts.name}/{found.leaf.facts.key_algorithm}'
        longest = CertificateSource._meta.get_field('external_id').max_length
        if len(external_id) > longest:
            raise ValidationError(
                _(
                    'Its external ID would be {length} characters long; the limit is {limit}. '
                    'Start from a folder further down.'
                ).format(length=len(external_id), limit=longest)
            )
        refuse_private_key('external_id', external_id)
        return external_id

    def _preview(self, where: str, item: intake.Item) -> None:
        try:
            action = self._planner.action(item)
        except REFUSALS as error:
            self._refuse(where, *explain_refusal(error))
        else:
            self.outcome.actions[action] += 1
            self.listener.planned(where, action, item.leaf.facts.name)

    def _write(self) -> None:
        batch, self._batch = self._batch, []
        if batch:
            outcomes = self._take_in([item for _where, item in batch])
            for (where, _item), result in zip(batch, outcomes, strict=True):
                if isinstance(result, intake.Refusal):
                    self._refuse(where, *explain_refusal(result.error))
                else:
                    self.outcome.actions[result.action] += 1
        self.listener.written(self.outcome)
        # With DEBUG, Django keeps all queries in memory.
        reset_queries()

    def _take_in(self, items: list[intake.Item]) -> list[intake.Result | intake.Refusal]:
        try:
            with intake.collection_paused(), event_tracking(background_request(self.user)):
                return retried(lambda: intake.take_in_many(items, self.user))
        except IntegrityError:
            # Another writer without a lock stored one of them at the same time.
            if len(items) == 1:
                raise
            return [result for item in items for result in self._take_in([item])]

    def _refuse(self, where: str, cause: str, message: str) -> None:
        self.outcome.refused[cause] += 1
        self.listener.refused(where, message)

    def _skip(self, where: str, cause: str, message: str) -> None:
        self.outcome.skipped[cause] += 1
        self.listener.skipped(where, message)


def background_request(user) -> NetBoxFakeRequest:
    """Return a request for the change log, for event rules, and for scripts that they start."""
    return NetBoxFakeRequest(
        {
            'META': {},
            'COOKIES': {},
            'POST': {},
            'GET': {},
            'FILES': {},
            'user': user,
            'method': 'POST',
            'path': '',
            'path_info': '',
            'id': uuid.uuid4(),
        }
    )


def explain_refusal(error: Exception) -> tuple[str, str]:
    """Return the cause, for counting, and the message of one of ``netbox_ssl.refusals.REFUSALS``."""
    if is_about_permissions(error):
        cause = 'not_permitted'
    else:
        cause = 'not_valid' if isinstance(error, ValidationError) else 'refused_by_netbox'
    return cause, ' '.join(explain(error))
