"""The ACME settings of a certificate: their names, in the order in which they are shown everywhere."""

__all__ = ('ACME_FIELDS', 'ACME_SETTINGS')

ACME_FIELDS = (
    'is_acme',
    'acme_provider',
    'acme_account_email',
    'acme_challenge_type',
    'acme_server_url',
    'acme_auto_renewal',
    'acme_renewal_days',
    'acme_last_renewed',
)

# Meaningful only on an ACME certificate
ACME_SETTINGS = ACME_FIELDS[1:]
