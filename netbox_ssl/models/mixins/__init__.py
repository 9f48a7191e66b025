"""
What several models share, or what is a concern of its own.

    x509.py           the facts of an X.509 certificate
    validation.py     clean() of certificates
    announcements.py  which status was announced last
    ari.py            renewal information (RFC 9773)
    bookkeeping.py    columns that are written past save()
    source_states.py  behind and silent
    tenancy.py        tenants of an assignment that differ
    yaml_export.py    export as YAML
"""
