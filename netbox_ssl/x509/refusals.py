"""The reasons why an input is refused as a whole: what it is, and what to paste instead."""

from .errors import CertificateInputError, LimitError, PrivateKeyError
from .kinds import Kind
from .text import gettext_noop

_MESSAGES = {
    'empty': gettext_noop('The input is empty. Paste a certificate, starting with -----BEGIN CERTIFICATE-----.'),
    'not_a_certificate': gettext_noop(
        'This is not a certificate in any known format. Paste PEM text, starting with -----BEGIN CERTIFICATE-----, '
        'or choose a PEM, DER or PKCS#7 file.'
    ),
    'certificate_request': gettext_noop(
        'This is a certificate signing request (CSR), which is sent to a CA. Paste the certificate that it returned.'
    ),
    'crl': gettext_noop('This is a certificate revocation list (CRL). Paste a certificate.'),
    'public_key': gettext_noop('This is only a public key. Paste the certificate that was issued for it.'),
    'ssh_public_key': gettext_noop('This is an SSH public key. Paste an X.509 certificate.'),
    'ssh_certificate': gettext_noop('This is an OpenSSH certificate, which is not X.509. Paste an X.509 certificate.'),
    'pgp': gettext_noop('This is OpenPGP data. Paste an X.509 certificate.'),
    'parameters': gettext_noop('These are key parameters (DH, EC or DSA). Paste a certificate.'),
    'text_dump': gettext_noop(
        'This is a certificate printed as text, from which it cannot be restored. Paste the PEM block, as printed by '
        '“openssl x509 -in FILE”.'
    ),
    'unknown_block': gettext_noop('This type of PEM block does not contain certificates. Paste a CERTIFICATE block.'),
    'no_certificates': gettext_noop(
        'This PKCS#7 container does not contain certificates. Export it again with certificates.'
    ),
    'unsupported_pkcs7': gettext_noop(
        'This PKCS#7 container cannot be read: it is damaged, encrypted, or not signed data. Convert it with '
        '“openssl pkcs7 -print_certs -in FILE” and paste what that prints.'
    ),
}

_LABELS = {
    'CERTIFICATE REQUEST': 'certificate_request',
    'NEW CERTIFICATE REQUEST': 'certificate_request',
    'X509 CRL': 'crl',
    'PUBLIC KEY': 'public_key',
    'RSA PUBLIC KEY': 'public_key',
    'DSA PUBLIC KEY': 'public_key',
    'SSH2 PUBLIC KEY': 'ssh_public_key',
    'DH PARAMETERS': 'parameters',
    'X9.42 DH PARAMETERS': 'parameters',
    'EC PARAMETERS': 'parameters',
    'DSA PARAMETERS': 'parameters',
}


def refusal(code: str) -> CertificateInputError:
    """Return the error to raise for this code."""
    return CertificateInputError(code, _MESSAGES[code])


def code_for_label(label: str) -> str:
    """Return the code for a PEM block that is not a certificate, by its label."""
    if label.startswith('PGP '):
        return 'pgp'
    return _LABELS.get(label, 'unknown_block')


def code_for_content(kind: Kind | None) -> str:
    """Return the code for DER that is not a certificate. Private kinds are refused earlier."""
    return kind.value if kind in (Kind.REQUEST, Kind.CRL, Kind.PUBLIC_KEY) else 'not_a_certificate'


def code_for_text(text: str) -> str:
    """Return the code for text that contains neither a PEM block nor base64."""
    words = text.strip('\ufeff').split(maxsplit=1)
    if not words:
        return 'empty'
    if words[0].startswith(('ssh-', 'ecdsa-sha2-', 'sk-ssh-', 'sk-ecdsa-')):
        return 'ssh_certificate' if '-cert-v0' in words[0] else 'ssh_public_key'
    if 'Signature Algorithm:' in text and 'Subject Public Key Info:' in text:
        return 'text_dump'
    return 'not_a_certificate'


def private_key_refusal(form: str) -> PrivateKeyError:
    """Return the error to raise for private key material of this form (a name from ``find_private_key``)."""
    if form.startswith(Kind.PKCS12):
        return PrivateKeyError(
            'pkcs12',
            gettext_noop(
                'This is a PKCS#12 container (.p12, .pfx), which usually contains a private key, so it was not stored. '
                'Paste only the certificates, as printed by “openssl pkcs12 -nokeys -in FILE”.'
            ),
            form=form,
        )
    return PrivateKeyError(
        'private_key',
        gettext_noop(
            'This contains a private key (%(form)s), so it was not stored. Paste the certificate without the key, and '
            'consider replacing the key, because it was exposed.'
        ),
        form=form,
    )


def size_refusal(limit: int) -> LimitError:
    """Return the error for more than ``limit`` octets."""
    return LimitError(
        'input_too_large',
        gettext_noop('The input is larger than %(limit)d bytes. Import it in parts.'),
        limit=limit,
    )


def count_refusal(limit: int, found: int) -> LimitError:
    """Return the error for more than ``limit`` certificates."""
    return LimitError(
        'too_many_certificates',
        gettext_noop(
            'The input contains %(found)d certificates; the limit is %(limit)d at a time. Import it in parts.'
        ),
        limit=limit,
        found=found,
    )


def names_refusal(limit: int, found: int, name: str) -> LimitError:
    """Return the error for a certificate with more than ``limit`` subject alternative names."""
    return LimitError(
        'too_many_names',
        gettext_noop(
            'The certificate “%(name)s” has %(found)d subject alternative names; the limit is %(limit)d. '
            'An administrator can raise the limit.'
        ),
        limit=limit,
        found=found,
        name=name,
    )
