"""Import the certificates of an export of netbox-ssl, with their histories, and what is recorded with them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from utilities.exceptions import PermissionsViolation

from netbox_ssl import intake
from netbox_ssl.imports.folder.runner import Listener, background_request
from netbox_ssl.intake.single import require_add_permission
from netbox_ssl.models import Certificate, Issuance
from netbox_ssl.netbox_internals import event_tracking
from netbox_ssl.refusals import REFUSALS, explain
from netbox_ssl.utilities import savepoint
from netbox_ssl.validators import read_input, read_single
from netbox_ssl.x509 import Leaf

from .mapping import facts_of, settings_of
from .reading import Export, ForeignRecord, key_of, refuse_keys
from .relations import RELATIONS, Relation, owner_of

__all__ = ('ExportImport', 'Outcome')


@dataclass
class Outcome:
    """Counts of what has been done."""

    # Action → certificates
    certificates: Counter = field(default_factory=Counter)
    # Name of a relation → records stored
    relations: Counter = field(default_factory=Counter)
    refused: int = 0


class ExportImport:
    """
    An import on behalf of ``user``. A certificate in netbox-ssl is one X.509 certificate; those that it replaced become
    its history here. Each certificate with its history is stored as a whole or refused; repeated, the import leaves
    what exists unchanged.
    """

    def __init__(self, user, listener: Listener | None = None):
        self.user, self.listener = user, listener or Listener()
        self.outcome = Outcome()
        # ID in netbox-ssl → the certificate here
        self._certificates: dict[int, Certificate] = {}

    def run(self, export: Export, dry_run: bool = False) -> Outcome:
        """Import all of ``export``. A dry run does the same, and then undoes all of it."""
        with _undone() if dry_run else nullcontext():
            for record, predecessors in histories(export):
                with nullcontext() if dry_run else event_tracking(background_request(self.user)):
                    self._import_history(record, predecessors, export)
            with nullcontext() if dry_run else event_tracking(background_request(self.user)):
                self._import_relations(export)
        return self.outcome

    def _import_history(self, record: ForeignRecord, predecessors: list[ForeignRecord], export: Export) -> None:
        certificate = self._attempt(str(record), record, lambda: self._import_certificate(record, export))
        if certificate is None:
            return
        self._certificates[record.pk] = certificate
        for each in predecessors:
            # The settings are those of the newest one.
            if self._attempt(str(each), each, lambda each=each: self._import_predecessor(each, certificate)):
                self._certificates[each.pk] = certificate

    def _attempt(self, where: str, record: ForeignRecord, action):
        """Return the result of ``action``; None if it is refused, and then nothing is stored."""
        try:
            with savepoint():
                refuse_keys(record)
                return action()
        except REFUSALS as error:
            self.outcome.refused += 1
            self.listener.refused(where, ' '.join(explain(error)))
            return None

    def _import_certificate(self, record: ForeignRecord, export: Export) -> Certificate:
        leaf = self._read(record)
        if leaf and Issuance.objects.filter(fingerprint_sha256=leaf.facts.fingerprint_sha256).exists():
            # Imported before. Its settings may have been changed here since.
            return self._take_in(leaf, {})
        made = settings_of(record, export, leaf, self.user)
        for note in made.notes:
            self.listener.skipped(str(record), note)
        if leaf is None:
            return self._import_facts(record, made.attributes)
        certificate = self._take_in(leaf, made.attributes)
        if certificate.fingerprint_sha256 != leaf.facts.fingerprint_sha256:
            message = _('its settings, because it has the same names as {certificate} and is older: now in its history')
            self.listener.skipped(str(record), message.format(certificate=certificate))
        return certificate

    def _import_predecessor(self, record: ForeignRecord, certificate: Certificate) -> Certificate:
        leaf = self._read(record)
        if leaf is None:
            raise ValidationError(_('It was replaced, and has no PEM: only X.509 certificates can be in a history.'))
        return self._take_in(leaf, {}, certificate)

    def _take_in(self, leaf: Leaf, attributes: dict, certificate: Certificate | None = None) -> Certificate:
        result = intake.take_in(leaf, self.user, attributes, certificate, _('Imported from netbox-ssl'))
        self.outcome.certificates[result.action] += 1
        return result.certificate

    def _read(self, record: ForeignRecord) -> Leaf | None:
        """Return the X.509 certificate, or None if there is no PEM. Certificates outside its chain are omitted."""
        pem, chain = str(record.get('pem_content')).strip(), str(record.get('issuer_chain')).strip()
        if not pem:
            return None
        try:
            parsed = read_input(f'{pem}\n{chain}', 'pem_content', allow_ca=True)
        except ValidationError:
            parsed = None
        if parsed and len(parsed.leaves) == 1:
            if parsed.unrelated:
                names = ', '.join(facts.name for facts in parsed.unrelated[:5])
                self.listener.skipped(str(record), _('not part of its chain: {names}').format(names=names))
            return replace(parsed.leaves[0], notes=parsed.notes)
        leaf = read_single(pem, 'pem_content', allow_ca=True)
        if chain:
            self.listener.skipped(str(record), _('its chain cannot be read, or contains other certificates'))
        return leaf

    def _import_facts(self, record: ForeignRecord, attributes: dict) -> Certificate:
        """Store a certificate without PEM."""
        facts = facts_of(record)
        known = Certificate.objects.restrict(self.user, 'view').filter(fingerprint_sha256=facts['fingerprint_sha256'])
        if facts['fingerprint_sha256'] and (found := known.first()):
            self.outcome.certificates[intake.Action.UNCHANGED] += 1
            return found
        require_add_permission(self.user)
        tags = attributes.pop('add_tags', [])
        certificate = Certificate(**facts, **attributes)
        certificate.note_given(attributes)
        certificate.full_clean()
        certificate.save()
        certificate.tags.add(*tags)
        if not Certificate.objects.restrict(self.user, 'add').filter(pk=certificate.pk).exists():
            raise PermissionsViolation()
        self.outcome.certificates[intake.Action.CREATED] += 1
        return certificate

    def _import_relations(self, export: Export) -> None:
        for relation in RELATIONS:
            for record in relation.records(export):
                if certificate := self._certificates.get(owner_of(record, relation)):
                    self._import_relation(relation, record, certificate)
                else:
                    self.listener.skipped(f'{relation.name}, ID {record.pk}', _('its certificate was not imported'))

    def _import_relation(self, relation: Relation, record: ForeignRecord, certificate: Certificate) -> None:
        where = f'{certificate}, {relation.name}, ID {record.pk}'
        if self._attempt(where, record, lambda: relation.store(record, certificate, self.user)):
            self.outcome.relations[relation.name] += 1


def histories(export: Export) -> Iterator[tuple[ForeignRecord, list[ForeignRecord]]]:
    """
    Yield the certificates that were not replaced, the newest first, each with those that it replaced directly and
    indirectly, the newest first.
    """
    current: dict[int, list[ForeignRecord]] = {}
    for record in sorted(export.certificates.values(), key=_age, reverse=True):
        newest = _newest(record, export)
        current.setdefault(newest.pk, [])
        if newest.pk != record.pk:
            current[newest.pk].append(record)
    for pk, predecessors in current.items():
        yield export.certificates[pk], predecessors


def _age(record: ForeignRecord) -> tuple[str, int]:
    """Return a key by which certificates are sorted by age: times in ISO 8601 sort as text."""
    return str(record.get('valid_from')), record.pk


def _newest(record: ForeignRecord, export: Export) -> ForeignRecord:
    """Follow the replacements to the last one."""
    seen = set()
    while record.pk not in seen:
        seen.add(record.pk)
        successor = export.certificates.get(key_of(record.get('replaced_by')))
        if successor is None:
            break
        record = successor
    return record


@contextmanager
def _undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
