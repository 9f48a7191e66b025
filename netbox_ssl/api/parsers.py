"""Parse request bodies that consist of a certificate, as sent by ``curl --data-binary @fullchain.pem``."""

from django.http import QueryDict
from rest_framework.parsers import BaseParser, FormParser

__all__ = ('CERTIFICATE_MEDIA_TYPES', 'CertificateParser', 'FormOrCertificateParser')

# RFC 8555 section 9.1, RFC 2585 section 4.1, RFC 8551 section 3.2.2, and generic types that tools send
CERTIFICATE_MEDIA_TYPES = (
    'application/pem-certificate-chain',
    'application/x-pem-file',
    'application/pkix-cert',
    'application/x-x509-ca-cert',
    'application/x-x509-user-cert',
    'application/pkcs7-mime',
    'application/x-pkcs7-certificates',
    'application/octet-stream',
    'text/plain',
)


class CertificateParser(BaseParser):
    """The body is the certificate; the other fields are in the query string."""

    media_type = 'application/x-pem-file'

    def parse(self, stream, media_type=None, parser_context=None):
        return {**parser_context['request'].query_params.dict(), 'pem': stream.read()}


def for_media_type(media_type: str) -> type[CertificateParser]:
    return type('CertificateParser', (CertificateParser,), {'media_type': media_type})


class FormOrCertificateParser(FormParser):
    """A form, or a certificate that curl labels as a form, its default for any body."""

    def parse(self, stream, media_type=None, parser_context=None):
        body = stream.read()
        # A form starts with the name of a field.
        if body.lstrip()[:1] in (b'-', b'0') or b'-----BEGIN' in body[:4096]:
            return {**parser_context['request'].query_params.dict(), 'pem': body}
        encoding = parser_context.get('encoding', 'utf-8')
        return QueryDict(body, encoding=encoding)


CERTIFICATE_PARSERS = tuple(for_media_type(media_type) for media_type in CERTIFICATE_MEDIA_TYPES)
