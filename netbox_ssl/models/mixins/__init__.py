"""
What several models share, or what is a concern of its own.

    x509.py           the facts of an X.509 certificate
    validation.py     clean() of certificates
    acme.py           the names of the ACME settings
    announcements.py  which status was announced last
    ari.py            renewal information (RFC 9773)
    bookkeeping.py    columns that are written past save()
    source_indexes.py  how the states of sources are found
    source_states.py  current, behind, expired, silent, or gone
    tenancy.py        tenants of an assignment that differ
    yaml_export.py    export as YAML
    documentation.py  the page of the documentation
"""
