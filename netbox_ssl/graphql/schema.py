import strawberry
import strawberry_django

from .types import CertificateType, IssuanceType


@strawberry.type(name='Query')
class NetBoxSSLQuery:
    certificate: CertificateType = strawberry_django.field()
    certificate_list: list[CertificateType] = strawberry_django.field()

    issuance: IssuanceType = strawberry_django.field()
    issuance_list: list[IssuanceType] = strawberry_django.field()


schema = [NetBoxSSLQuery]
