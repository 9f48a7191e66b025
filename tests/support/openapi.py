"""The OpenAPI description of the plugin's endpoints: their paths, parameters and bodies."""

from dataclasses import dataclass
from functools import cache

from django.urls import include, path
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

__all__ = ('BASE', 'Operation', 'description', 'operations')

BASE = '/api/plugins/ssl/'


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    # Names of the fields of a JSON body
    fields: tuple[str, ...]
    # Names of the parameters in the query string
    parameters: tuple[str, ...]

    @property
    def is_bulk(self) -> bool:
        """Return whether it changes or deletes a list of objects."""
        return self.method in ('put', 'patch', 'delete') and '{' not in self.path


@cache
def description() -> tuple[dict, list[str]]:
    """Return the description, and the complaints about it. That of the whole NetBox takes ten times as long."""
    patterns = [path(BASE.lstrip('/'), include('netbox_ssl.api.urls'))]
    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        schema = SchemaGenerator(patterns=patterns).get_schema(request=None, public=True)
    return schema, [str(each) for each in (*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache)]


@cache
def operations() -> tuple[Operation, ...]:
    """Return all operations of the plugin."""
    schema, _complaints = description()
    return tuple(
        _operation(schema, method, url, description)
        for url, methods in schema['paths'].items()
        for method, description in methods.items()
        if method in ('get', 'post', 'put', 'patch', 'delete')
    )


def _operation(schema: dict, method: str, url: str, description: dict) -> Operation:
    content = description.get('requestBody', {}).get('content', {})
    body = content.get('application/json', {}).get('schema', {})
    parameters = [each['name'] for each in description.get('parameters', ()) if each['in'] == 'query']
    return Operation(method, url, tuple(sorted(_fields(schema, body))), tuple(parameters))


def _fields(schema: dict, body: dict) -> set[str]:
    if '$ref' in body:
        return _fields(schema, schema['components']['schemas'][body['$ref'].rpartition('/')[2]])
    found = set(body.get('properties', ()))
    for each in (*body.get('oneOf', ()), *body.get('allOf', ()), body.get('items', {})):
        found |= _fields(schema, each) if each else set()
    return found
