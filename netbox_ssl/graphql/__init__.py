"""
The GraphQL API.

    types.py, filters.py, enums.py, schema.py  the plugin's objects
    endpoint_types.py, endpoint_filters.py     endpoints
    place_filters.py                           filters of certificates by the objects that use them
    extensions.py                              certificates on NetBox's own types and filters
"""
