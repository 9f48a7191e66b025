"""
Parts of models: shared by several, or a separate concern.

    x509.py           the facts of an X.509 certificate
    validation.py     clean() of certificates
    acme.py           the names of the ACME settings
    acme_settings.py  the ACME settings: entered, detected, or derived from the issuer
    announcements.py  the renewal status that was announced last
    announced_validity.py
                      up to when changes of validity were announced
    ari.py            renewal information (RFC 9773)
    authorities.py    CA certificates, and what they issued
    chains.py         the stored chain
    deployment.py     what a certificate knows of its sources
    endpoint_results.py
                      what a check of an endpoint found, and what is to be announced
    endpoint_states.py
                      the result of the last check, as far as it still holds
    encoding.py       what is wrong with the encoding
    expiry.py         the validity and the expiry marks
    bookkeeping.py    columns that are written without save()
    moments.py        times at the ends of the calendar
    renewal.py        the renewal status, and what follows from the dates
    source_indexes.py how the states of sources are found
    source_moments.py the columns that determine the state of a source
    source_states.py  current, behind, expired, silent, or gone
    tenancy.py        different tenants of a certificate and its objects
    yaml_export.py    export as YAML
    documentation.py  link to the documentation
"""
