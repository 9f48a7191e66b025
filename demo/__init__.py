"""The demo of `make demo`: its command, and the inventory that it fills in over the REST API."""
