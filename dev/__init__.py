"""Developer tooling of NetBox SSL. Nothing here is part of the package; see dev/README.md."""
