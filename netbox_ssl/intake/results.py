"""The items, plans and results of imports."""

from dataclasses import dataclass, field
from functools import cached_property

from django.utils.translation import gettext as _

from netbox_ssl import settings
from netbox_ssl.acme.detection import Detection, detect
from netbox_ssl.acme.issuer_families import issuer_family
from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.models.mixins.acme import ACME_FIELDS
from netbox_ssl.models.mixins.validation import refuse_contradicted_facts
from netbox_ssl.models.mixins.x509 import FACT_FIELDS
from netbox_ssl.models.sources import kind_of_client
from netbox_ssl.x509 import CertificateFacts, Leaf, lineage_key, name_key

__all__ = ('Action', 'Candidate', 'Item', 'Plan', 'Refusal', 'Result')


class Action:
    """What an import does with one X.509 certificate. The values are public: REST responses and messages."""

    CREATED = 'created'
    RENEWED = 'renewed'
    HISTORY = 'history'  # not the current one of its certificate: recorded among the issuances only
    UPDATED = 'updated'  # already known; settings given with it were changed
    UNCHANGED = 'unchanged'


@dataclass
class Item:
    """One X.509 certificate to import. Values derived from the leaf and the settings are computed once."""

    leaf: Leaf
    # Column → validated value; besides ``tags``, ``add_tags`` and ``remove_tags`` (lists of tags).
    # ``custom_field_data`` is merged.
    attributes: dict = field(default_factory=dict)
    # The certificate named by the request, if any
    certificate: Certificate | None = None
    # Whether the request says that it renews nothing
    is_new: bool = False
    # External ID of the source (CertificateSource) that reports it, if any
    external_id: str = ''
    client: str = ''
    kind: str = ''
    machine_id: str = ''
    # For the change log
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
        """Return its names in the form in which they are compared."""
        return frozenset(self.facts.subject_alt_names or filter(None, [self.facts.common_name.lower()]))

    @cached_property
    def lineage_keys(self) -> frozenset[str]:
        """
        Return the values of ``Certificate.lineage`` for the same names and key algorithm; entered by hand, it may
        lack the algorithm.
        """
        names = () if self.facts.is_ca else self.facts.subject_alt_names
        return frozenset([name_key(self.facts), *([lineage_key(names, '')] if names else [])])

    @cached_property
    def settings(self) -> dict:
        """
        Return the attributes without the facts, which come from the PEM. Raises a ValidationError if given facts
        differ. A CA certificate gets no ACME settings: those of a request are for all certificates in its input.
        """
        refuse_contradicted_facts(self.attributes, self.facts)
        omitted = (*FACT_FIELDS, *ACME_FIELDS) if self.facts.is_ca else FACT_FIELDS
        return {name: value for name, value in self.attributes.items() if name not in omitted}

    @property
    def warnings(self) -> list[str]:
        """Return warnings about settings that do not apply."""
        if not self.facts.is_ca or not any(self.attributes.get(name) for name in ACME_FIELDS):
            return []
        return [_('{name} is a CA certificate: the ACME settings were not applied to it.').format(name=self.facts.name)]

    @property
    def named_client(self) -> str:
        """Return the client; by default the part of the external ID before the first colon."""
        client = self.client or (self.external_id.partition(':')[0] if ':' in self.external_id else '')
        return client[:100]

    @property
    def source_kind(self) -> str:
        """Return the meaning of its report (``SourceKindChoices``) as far as the report specifies it."""
        return self.kind or kind_of_client(self.named_client)


@dataclass
class Refusal:
    """Why an item of a list was not imported: one of ``netbox_ssl.refusals.REFUSALS``."""

    error: Exception


@dataclass
class Candidate:
    """A certificate that might be the predecessor, and the reason."""

    certificate: Certificate
    reason: str


@dataclass
class Plan:
    """The planned action for an item; nothing is written yet."""

    item: Item
    action: str = Action.CREATED
    certificate: Certificate | None = None
    # If it is uncertain, a new certificate is created, and these are listed.
    candidates: list[Candidate] = field(default_factory=list)
    # The source that reports it, if it is already known
    source: CertificateSource | None = None
    # Whether the source keeps its certificate, although it has this X.509 certificate of another one
    is_unexpected: bool = False
    # The certificate whose settings are copied, because the source is separated from it
    parts_from: Certificate | None = None
    # Certificates that turned out to be parts of ``certificate``, and are merged into it
    absorbs: list[Certificate] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def leaf(self) -> Leaf:
        return self.item.leaf

    @property
    def detection(self) -> Detection:
        return self.item.detection

    @property
    def kind(self) -> str:
        """Return the meaning of the report (``SourceKindChoices``): as given in it, else as known of its source."""
        return self.item.kind or (self.source.kind if self.source else self.item.source_kind)


@dataclass
class Result:
    """The result of importing a leaf."""

    action: str
    certificate: Certificate
    detection: Detection
    candidates: list[Candidate] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
