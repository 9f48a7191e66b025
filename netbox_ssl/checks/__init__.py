"""System checks, and the state of the migrations that they and the middleware examine."""

from .migrations import check_migrations
from .sweep import LATE, check_sweep

__all__ = ('LATE', 'check_migrations', 'check_sweep')
