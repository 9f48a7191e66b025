"""Settings that hold for all tests. They are run by `make test`, which makes the databases (tests/command.py)."""

from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is.
settings.register_profile('untimed', deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile('untimed')
