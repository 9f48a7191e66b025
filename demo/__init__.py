"""`make demo`: its command, the places of several demos, and the inventory that it fills in over the REST API."""
