"""Settings that hold for all tests. They are run by `make test`, which makes the databases (dev/testing.py)."""
