"""Settings for all tests. `make test` runs them and creates the databases (tests/command.py)."""

from hypothesis import HealthCheck, settings

# The time that an example takes depends on how busy the machine is.
settings.register_profile('untimed', deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile('untimed')
