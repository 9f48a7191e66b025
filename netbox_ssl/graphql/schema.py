import strawberry
import strawberry_django

from .types import CertificateAssignmentType, CertificateSourceType, CertificateType, EndpointType, IssuanceType


@strawberry.type(name='Query')
class NetBoxSSLQuery:
    certificate: CertificateType = strawberry_django.field()
    certificate_list: list[CertificateType] = strawberry_django.field()

    certificate_assignment: CertificateAssignmentType = strawberry_django.field()
    certificate_assignment_list: list[CertificateAssignmentType] = strawberry_django.field()

    certificate_source: CertificateSourceType = strawberry_django.field()
    certificate_source_list: list[CertificateSourceType] = strawberry_django.field()

    endpoint: EndpointType = strawberry_django.field()
    endpoint_list: list[EndpointType] = strawberry_django.field()

    issuance: IssuanceType = strawberry_django.field()
    issuance_list: list[IssuanceType] = strawberry_django.field()


schema = [NetBoxSSLQuery]
