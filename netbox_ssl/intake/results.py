"""What an import is asked for, decides and answers."""

from dataclasses import dataclass, field
from functools import cached_property

from netbox_ssl import settings
from netbox_ssl.acme.detection import Detection, detect
from netbox_ssl.acme.issuer_families import issuer_family
from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.models.mixins.validation import refuse_contradicted_facts
from netbox_ssl.models.mixins.x509 import FACT_FIELDS
from netbox_ssl.models.sources import kind_of_client
from netbox_ssl.x509 import CertificateFacts, Leaf, lineage_key, name_key

__all__ = ('Action', 'Candidate', 'Item', 'Plan', 'Refusal', 'Result')


class Action:
    """What an import does with one X.509 certificate. The values are public: REST answers and messages."""

    CREATED = 'created'
    RENEWED = 'renewed'
    HISTORY = 'history'  # not the current one of its certificate: recorded among the issuances only
    UPDATED = 'updated'  # known already; settings given with it were changed
    UNCHANGED = 'unchanged'


@dataclass
class Item:
    """One X.509 certificate to import. What follows from the leaf and the settings is computed once."""

    leaf: Leaf
    # Column → validated value; besides ``tags``, ``add_tags`` and ``remove_tags`` (lists of tags).
    # ``custom_field_data`` is merged.
    attributes: dict = field(default_factory=dict)
    # The one named by the request, if any.
    certificate: Certificate | None = None
    # The request says that it renews nothing.
    is_new: bool = False
    # What reports it (CertificateSource), if anything.
    external_id: str = ''
    client: str = ''
    kind: str = ''
    machine_id: str = ''
    # For the change log.
    message: str = ''

    @property
    def facts(self) -> CertificateFacts:
        return self.leaf.facts

    @cached_property
    def detection(self) -> Detection:
        return detect(self.facts, settings.catalogue())

    @cached_property
    def family(self) -> tuple[str, str]:
        return issuer_family(self.facts, self.detection)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that it is for, as they are compared."""
        return frozenset(self.facts.subject_alt_names or filter(None, [self.facts.common_name.lower()]))

    @cached_property
    def lineage_keys(self) -> frozenset[str]:
        """What ``Certificate.lineage`` holds where the names and the key algorithm are the same; typed by hand, it may
        lack the algorithm."""
        names = self.facts.subject_alt_names
        return frozenset([name_key(self.facts), *([lineage_key(names, '')] if names else [])])

    @cached_property
    def settings(self) -> dict:
        """The attributes beside the facts, which come from the PEM; raises a ValidationError if it gives others."""
        refuse_contradicted_facts(self.attributes, self.facts)
        return {name: value for name, value in self.attributes.items() if name not in FACT_FIELDS}

    @property
    def named_client(self) -> str:
        """The client; where it is not given, what stands before the first colon of the external ID."""
        client = self.client or (self.external_id.partition(':')[0] if ':' in self.external_id else '')
        return client[:100]

    @property
    def source_kind(self) -> str:
        """What its report means (``SourceKindChoices``), as far as it says so itself."""
        return self.kind or kind_of_client(self.named_client)


@dataclass
class Refusal:
    """Why an item of a list was not imported: one of ``netbox_ssl.refusals.REFUSALS``."""

    error: Exception


@dataclass
class Candidate:
    """A certificate that might be the predecessor, and why."""

    certificate: Certificate
    reason: str


@dataclass
class Plan:
    """What would be done with an item, and why; nothing is written yet."""

    item: Item
    action: str = Action.CREATED
    certificate: Certificate | None = None
    # Where nothing is certain, a new one is made, and these are named.
    candidates: list[Candidate] = field(default_factory=list)
    # What reports it, where that is known already.
    source: CertificateSource | None = None
    # The source keeps its certificate, although it has this X.509 certificate of another one.
    is_unexpected: bool = False
    # Whose settings the new certificate takes along: its source parts from this one.
    parts_from: Certificate | None = None
    # What turned out to be the same certificate as ``certificate``, and becomes part of it.
    absorbs: Certificate | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def leaf(self) -> Leaf:
        return self.item.leaf

    @property
    def detection(self) -> Detection:
        return self.item.detection

    @property
    def kind(self) -> str:
        """What the report means (``SourceKindChoices``): as it says itself, else as its source is known to mean it."""
        return self.item.kind or (self.source.kind if self.source else self.item.source_kind)


@dataclass
class Result:
    """What was done with a leaf."""

    action: str
    certificate: Certificate
    detection: Detection
    candidates: list[Candidate] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
