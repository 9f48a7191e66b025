from django.utils.translation import gettext_lazy as _
from netbox.plugins import PluginMenu, PluginMenuButton, PluginMenuItem

menu = PluginMenu(
    label=_('Certificates'),
    icon_class='mdi mdi-certificate',
    groups=(
        (
            _('Inventory'),
            (
                PluginMenuItem(
                    link='plugins:netbox_ssl:certificate_list',
                    link_text=_('Certificates'),
                    permissions=['netbox_ssl.view_certificate'],
                    buttons=(
                        PluginMenuButton(
                            link='plugins:netbox_ssl:certificate_add',
                            title=_('Add'),
                            icon_class='mdi mdi-plus-thick',
                            permissions=['netbox_ssl.add_certificate'],
                        ),
                        PluginMenuButton(
                            link='plugins:netbox_ssl:certificate_bulk_import',
                            title=_('Import'),
                            icon_class='mdi mdi-upload',
                            permissions=['netbox_ssl.add_certificate'],
                        ),
                    ),
                ),
                PluginMenuItem(
                    link='plugins:netbox_ssl:renewals',
                    link_text=_('Renewals'),
                    permissions=['netbox_ssl.view_certificate'],
                ),
                PluginMenuItem(
                    link='plugins:netbox_ssl:by_name',
                    link_text=_('By Name'),
                    permissions=['netbox_ssl.view_certificate'],
                ),
                PluginMenuItem(
                    link='plugins:netbox_ssl:certificate_smart_paste',
                    link_text=_('Smart Paste'),
                    permissions=['netbox_ssl.add_certificate'],
                ),
                PluginMenuItem(
                    link='plugins:netbox_ssl:certificateassignment_list',
                    link_text=_('Assignments'),
                    permissions=['netbox_ssl.view_certificateassignment'],
                    buttons=(
                        PluginMenuButton(
                            link='plugins:netbox_ssl:certificateassignment_add',
                            title=_('Add'),
                            icon_class='mdi mdi-plus-thick',
                            permissions=['netbox_ssl.add_certificateassignment'],
                        ),
                        PluginMenuButton(
                            link='plugins:netbox_ssl:certificateassignment_bulk_import',
                            title=_('Import'),
                            icon_class='mdi mdi-upload',
                            permissions=['netbox_ssl.add_certificateassignment'],
                        ),
                    ),
                ),
                PluginMenuItem(
                    link='plugins:netbox_ssl:assignmentsuggestion_list',
                    link_text=_('Suggested Assignments'),
                    permissions=['netbox_ssl.add_certificateassignment'],
                ),
                PluginMenuItem(
                    link='plugins:netbox_ssl:endpoint_list',
                    link_text=_('Endpoints'),
                    permissions=['netbox_ssl.view_endpoint'],
                    buttons=(
                        PluginMenuButton(
                            link='plugins:netbox_ssl:endpoint_add',
                            title=_('Add'),
                            icon_class='mdi mdi-plus-thick',
                            permissions=['netbox_ssl.add_endpoint'],
                        ),
                        PluginMenuButton(
                            link='plugins:netbox_ssl:endpoint_bulk_import',
                            title=_('Import'),
                            icon_class='mdi mdi-upload',
                            permissions=['netbox_ssl.add_endpoint'],
                        ),
                    ),
                ),
                PluginMenuItem(
                    link='plugins:netbox_ssl:certificatesource_list',
                    link_text=_('Sources'),
                    permissions=['netbox_ssl.view_certificatesource'],
                ),
                PluginMenuItem(
                    link='plugins:netbox_ssl:connect',
                    link_text=_('Connect a Client'),
                    permissions=['netbox_ssl.view_certificatesource'],
                ),
                PluginMenuItem(
                    link='plugins:netbox_ssl:issuance_list',
                    link_text=_('Issuances'),
                    permissions=['netbox_ssl.view_issuance'],
                ),
            ),
        ),
    ),
)
