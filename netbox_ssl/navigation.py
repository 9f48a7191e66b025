from django.utils.translation import gettext_lazy as _
from netbox.plugins import PluginMenu, PluginMenuButton, PluginMenuItem


def _item(link: str, text, permission: str, *buttons: PluginMenuButton) -> PluginMenuItem:
    return PluginMenuItem(
        link=f'plugins:netbox_ssl:{link}',
        link_text=text,
        permissions=[f'netbox_ssl.{permission}'],
        buttons=buttons,
    )


def _add_and_import(model: str) -> tuple[PluginMenuButton, ...]:
    return tuple(
        PluginMenuButton(
            link=f'plugins:netbox_ssl:{model}_{action}',
            title=title,
            icon_class=f'mdi {icon}',
            permissions=[f'netbox_ssl.add_{model}'],
        )
        for action, title, icon in (
            ('add', _('Add'), 'mdi-plus-thick'),
            ('bulk_import', _('Import'), 'mdi-upload'),
        )
    )


# NetBox highlights each entry whose address the current one begins with, so no address may begin with another one.
menu = PluginMenu(
    label=_('Certificates'),
    icon_class='mdi mdi-certificate',
    groups=(
        (
            _('Monitoring'),
            (
                _item('overview', _('Overview'), 'view_certificate'),
                _item('renewals', _('Renewals'), 'view_certificate'),
                _item('by_name', _('Check a name'), 'view_certificate'),
            ),
        ),
        (
            _('Certificates'),
            (
                _item('certificate_list', _('Certificates'), 'view_certificate', *_add_and_import('certificate')),
                _item('smart_paste', _('Smart Paste'), 'add_certificate'),
                _item('issuance_list', _('History'), 'view_issuance'),
            ),
        ),
        (
            _('Where they are used'),
            (
                _item(
                    'certificateassignment_list',
                    _('Assignments'),
                    'view_certificateassignment',
                    *_add_and_import('certificateassignment'),
                ),
                _item('assignmentsuggestion_list', _('Suggestions'), 'add_certificateassignment'),
                _item('endpoint_list', _('Endpoints'), 'view_endpoint', *_add_and_import('endpoint')),
            ),
        ),
        (
            _('Reporting'),
            (
                _item('certificatesource_list', _('Reporting hosts'), 'view_certificatesource'),
                _item('connect', _('Connect a client'), 'view_certificatesource'),
            ),
        ),
        (
            _('Help'),
            (_item('documentation', _('Documentation'), 'view_certificate'),),
        ),
    ),
)
