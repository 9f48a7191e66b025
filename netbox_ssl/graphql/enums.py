import strawberry

from netbox_ssl.choices import (
    ACMEChallengeTypeChoices,
    CertificateStatusChoices,
    EndpointResultChoices,
    EndpointStateChoices,
    FindingChoices,
    RenewalStatusChoices,
    SourceKindChoices,
    SourceStateChoices,
    STARTTLSChoices,
    ValidityChoices,
)

__all__ = (
    'ACMEChallengeTypeEnum',
    'CertificateStatusEnum',
    'EndpointResultEnum',
    'EndpointStateEnum',
    'FindingEnum',
    'RenewalStatusEnum',
    'STARTTLSEnum',
    'SourceKindEnum',
    'SourceStateEnum',
    'ValidityEnum',
)

ACMEChallengeTypeEnum = strawberry.enum(ACMEChallengeTypeChoices.as_enum())
CertificateStatusEnum = strawberry.enum(CertificateStatusChoices.as_enum(prefix='status'))
EndpointResultEnum = strawberry.enum(EndpointResultChoices.as_enum())
EndpointStateEnum = strawberry.enum(EndpointStateChoices.as_enum())
FindingEnum = strawberry.enum(FindingChoices.as_enum())
RenewalStatusEnum = strawberry.enum(RenewalStatusChoices.as_enum())
STARTTLSEnum = strawberry.enum(STARTTLSChoices.as_enum())
SourceKindEnum = strawberry.enum(SourceKindChoices.as_enum())
SourceStateEnum = strawberry.enum(SourceStateChoices.as_enum())
ValidityEnum = strawberry.enum(ValidityChoices.as_enum())
