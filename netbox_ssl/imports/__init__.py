"""
Ways to the intake other than a single request.

    smart_paste/  the form: one or many certificates, previewed before they are stored
    folder/       ``netbox import_certificates``: folders, files and bundles of any size
    netbox_ssl_export/
                  ``netbox import_netbox_ssl_export``: what another plugin recorded
    clients.py    ACME clients that can report automatically, with their hooks
"""
