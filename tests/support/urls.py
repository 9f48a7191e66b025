"""The pages and REST endpoints of the plugin, from its URL configuration."""

from collections.abc import Iterator

from django.urls import URLPattern, get_resolver, reverse

from netbox_ssl.models import (
    AssignmentSuggestion,
    Certificate,
    CertificateAssignment,
    CertificateSource,
    Endpoint,
    Issuance,
)

__all__ = ('API', 'ARGUMENTS', 'MODELS', 'PAGES', 'pk_of', 'urls_of')

PAGES, API = 'plugins:netbox_ssl', 'plugins-api:netbox_ssl-api'

# Start of the names of URLs → the model of the object that they are about
MODELS = {
    'assignmentsuggestion': AssignmentSuggestion,
    'certificateassignment': CertificateAssignment,
    'certificatesource': CertificateSource,
    'certificate': Certificate,
    'endpoint': Endpoint,
    'issuance': Issuance,
}


def pk_of(name: str) -> int:
    """Return the key of the object that a URL with this name is about."""
    model = next(model for prefix, model in MODELS.items() if name.replace('_', '').startswith(prefix))
    return model.objects.get().pk


# Parameters of the pages → values, for ``urls_of()``
ARGUMENTS = {
    'pk': pk_of,
    'job': 1,
    'key': '1-0123456789abcdefgh',
    'page': 'index',
    'client': 'certbot',
    'name': 'certbot.sh',
}


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
