"""Errors that refuse to write an object, and their messages for people and programs."""

from django.core.exceptions import PermissionDenied, ValidationError
from utilities.exceptions import AbortRequest, PermissionsViolation

__all__ = ('REFUSALS', 'bounded', 'explain', 'explain_by_field', 'is_about_permissions')

# PermissionsViolation: the written object is outside the permissions of the user.
REFUSALS = (ValidationError, PermissionDenied, AbortRequest, PermissionsViolation)

# Characters of a message that are kept, from its start and from its end
KEPT = (400, 200)


def bounded(text: str) -> str:
    """Return a message without its middle if it is very long, because it quotes the value that is refused."""
    start, end = KEPT
    return text if len(text) <= start + end else f'{text[:start]} … {text[-end:]}'


def explain(error: Exception) -> list[str]:
    """Return the sentences of one of ``REFUSALS``."""
    return [message for messages in explain_by_field(error).values() for message in messages]


def explain_by_field(error: Exception) -> dict[str, list[str]]:
    """Return the sentences of one of ``REFUSALS`` by field; those without a field are under ''."""
    if isinstance(error, ValidationError):
        by_field = error.message_dict if hasattr(error, 'error_dict') else {'': error.messages}
        return {
            '' if field == '__all__' else field: [str(message) for message in messages]
            for field, messages in by_field.items()
        }
    return {'': [str(error) if isinstance(error, PermissionDenied) else str(error.message)]}


def is_about_permissions(error: Exception) -> bool:
    """Return whether one of ``REFUSALS`` is about a missing permission."""
    return isinstance(error, PermissionDenied | PermissionsViolation)
