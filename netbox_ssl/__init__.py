"""NetBox SSL: an inventory of TLS certificates inside NetBox that notices when a renewal did not happen."""

from netbox.plugins import PluginConfig

__version__ = '1.0.0'


class NetBoxSSLConfig(PluginConfig):
    name = 'netbox_ssl'
    verbose_name = 'NetBox SSL'
    description = 'Inventory of TLS certificates that notices when an ACME renewal silently did not happen'
    version = __version__
    author = 'NetBox SSL developers'
    base_url = 'ssl'
    min_version = '4.7.0'
    max_version = '4.7.99'
    # Every key is read in settings.py, which also validates it.
    default_settings = {
        'acme_providers': [],
        'announce_past': False,
        'ari_enabled': True,
        'ari_disabled_providers': [],
        'ari_allowed_hosts': [],
        'ari_requests_per_second': 20,
        'ari_concurrency': 16,
        'expiry_marks': [30, 14, 7, 1],
        'netbox_url': '',
        'sweep_interval': 1,
        'source_behind_hours': 48,
        'source_silent_days': 7,
        'endpoint_problem_checks': 2,
        'import_max_bytes': 1024 * 1024,
        'import_max_certificates': 100,
        'import_max_names': 1000,
        'refuse_tenant_mismatch': False,
    }
    # The default path names a package here, not the list.
    graphql_schema = 'graphql.schema.schema'
    graphql_type_extensions = 'graphql.extensions.type_extensions'
    graphql_filter_extensions = 'graphql.extensions.filter_extensions'
    # Runs after NetBox's own processor: announces status changes made by the request itself.
    events_pipeline = ['netbox_ssl.announcements.requests.announce_request_changes']
    middleware = [
        'netbox_ssl.middleware.MigrationGuardMiddleware',
        'netbox_ssl.middleware.MetricsMiddleware',
        'netbox_ssl.middleware.QueryGuardMiddleware',
    ]

    def ready(self):
        super().ready()
        # Importing these modules registers their contents.
        from . import branching, checks, dashboard, settings  # noqa: F401
        from .announcements import queues
        from .intake.signals import issued
        from .jobs import ari, sweep  # noqa: F401
        from .tables import place_columns

        queues.install()
        settings.validate()
        branching.register()
        place_columns.register()
        issued.connect(ari.poll_after_import)


config = NetBoxSSLConfig
