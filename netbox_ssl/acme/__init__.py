"""What ACME (RFC 8555) means to the inventory."""
