import strawberry

from netbox_ssl.choices import (
    ACMEChallengeTypeChoices,
    CertificateStatusChoices,
    RenewalStatusChoices,
    SourceKindChoices,
)

__all__ = ('ACMEChallengeTypeEnum', 'CertificateStatusEnum', 'RenewalStatusEnum', 'SourceKindEnum')

ACMEChallengeTypeEnum = strawberry.enum(ACMEChallengeTypeChoices.as_enum())
CertificateStatusEnum = strawberry.enum(CertificateStatusChoices.as_enum(prefix='status'))
RenewalStatusEnum = strawberry.enum(RenewalStatusChoices.as_enum())
SourceKindEnum = strawberry.enum(SourceKindChoices.as_enum())
