"""
The REST API.

    serializers.py, views.py  the objects; certificates in certificate_serializers.py, endpoints in
                              endpoint_serializers.py
    import_*.py               ``POST certificates/import/``
    detect_*.py               ``POST certificates/detect/``
    ari_views.py              ``POST certificates/{id}/check-ari/``
    metrics_views.py          ``GET certificates/metrics/``
    suggestion_*.py           ``suggestions/``, and accepting and dismissing them
    sync_views.py             ``POST sources/sync/``
    endpoint_views.py         ``POST endpoints/results/`` and ``GET endpoints/proposals/``
    status_views.py           ``GET status/``
    permissions.py            permissions of the endpoints that are not plain create, update or delete
    references.py             references to objects that do not exist, explained
    related_objects.py        related objects, only those that the user may view
    fields.py                 serializer fields
    guards.py                 refuse private keys before other code sees them
    parsers.py                request bodies that consist of a certificate
"""
