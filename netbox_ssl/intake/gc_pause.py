import gc
from contextlib import contextmanager

__all__ = ('collection_paused',)


@contextmanager
def collection_paused():
    """
    Without garbage collection for a while, for work that makes many objects at once: it would start full collections,
    each of which goes through all that NetBox has loaded. That takes 0.3 s, as long as the import of a hundred
    certificates, and finds nothing: reference counting frees what the import made.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
