"""Rules about ACME (RFC 8555): detection, providers, renewal and renewal information."""
