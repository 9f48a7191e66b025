"""
The GraphQL API.

    types.py, filters.py, enums.py, schema.py  our objects
    place_filters.py                           certificates by where they are used
    extensions.py                              certificates on NetBox's own types and filters
"""
