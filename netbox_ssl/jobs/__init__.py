"""Background jobs: each is registered by being imported, in ``NetBoxSSLConfig.ready()``."""
