"""The pages and REST endpoints of the plugin, from its URL configuration."""

from collections.abc import Iterator

from django.urls import URLPattern, get_resolver, reverse

__all__ = ('API', 'PAGES', 'urls_of')

PAGES, API = 'plugins:netbox_ssl', 'plugins-api:netbox_ssl-api'


def urls_of(namespace: str, **arguments) -> dict[str, str]:
    """
    Return name → URL of everything in a namespace (``PAGES``, ``API``).

    Args:
        arguments: parameter of paths → value; a value of several parts may depend on the name, as a function
    """
    resolver = get_resolver()
    for part in namespace.split(':'):
        resolver = resolver.namespace_dict[part][1]
    found = {}
    for name, parameters in _named(resolver, frozenset()):
        if 'format' in parameters:
            # ``certificates.json``: the same endpoint
            continue
        given = {each: arguments[each](name) if callable(arguments[each]) else arguments[each] for each in parameters}
        found[' '.join([name, *sorted(parameters)])] = reverse(f'{namespace}:{name}', kwargs=given)
    return found


def _named(resolver, outer: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield (name, names of the parameters) of each pattern."""
    for each in resolver.url_patterns:
        parameters = outer | each.pattern.regex.groupindex.keys()
        if isinstance(each, URLPattern):
            yield each.name, parameters
        else:
            yield from _named(each, parameters)
