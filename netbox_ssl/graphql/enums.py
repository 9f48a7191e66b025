import strawberry

from netbox_ssl.choices import (
    ACMEChallengeTypeChoices,
    CertificateStatusChoices,
    RenewalStatusChoices,
    SourceKindChoices,
    SourceStateChoices,
    ValidityChoices,
)

__all__ = (
    'ACMEChallengeTypeEnum',
    'CertificateStatusEnum',
    'RenewalStatusEnum',
    'SourceKindEnum',
    'SourceStateEnum',
    'ValidityEnum',
)

ACMEChallengeTypeEnum = strawberry.enum(ACMEChallengeTypeChoices.as_enum())
CertificateStatusEnum = strawberry.enum(CertificateStatusChoices.as_enum(prefix='status'))
RenewalStatusEnum = strawberry.enum(RenewalStatusChoices.as_enum())
SourceKindEnum = strawberry.enum(SourceKindChoices.as_enum())
SourceStateEnum = strawberry.enum(SourceStateChoices.as_enum())
ValidityEnum = strawberry.enum(ValidityChoices.as_enum())
