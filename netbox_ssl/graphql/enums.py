import strawberry

from netbox_ssl.choices import ACMEChallengeTypeChoices, CertificateStatusChoices, RenewalStatusChoices

__all__ = ('ACMEChallengeTypeEnum', 'CertificateStatusEnum', 'RenewalStatusEnum')

ACMEChallengeTypeEnum = strawberry.enum(ACMEChallengeTypeChoices.as_enum())
CertificateStatusEnum = strawberry.enum(CertificateStatusChoices.as_enum(prefix='status'))
RenewalStatusEnum = strawberry.enum(RenewalStatusChoices.as_enum())
