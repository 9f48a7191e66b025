"""The endpoints of the demo, as a monitor reports them: what visitors get, over the REST API."""

ENDPOINTS = 'plugins/ssl/endpoints/'
IMPORT = 'plugins/ssl/certificates/import/'
MONITOR = 'monitor-01'

# Address, port, STARTTLS protocol, name of the certificate that it serves and of the expected one, result and detail
CHECKED = (
    ('www.example.com', 443, '', 'www.example.com', 'www.example.com', 'ok', ''),
    ('shop.example.com', 443, '', 'www.example.com', '*.shop.example.com', 'name_mismatch', 'hostname mismatch'),
    ('partner.example.com', 443, '', 'bank.example.com', 'partner.example.com', 'ok', ''),
    ('old-blog.example.com', 443, '', 'old-blog.example.com', None, 'expired', 'certificate has expired'),
    ('printer.corp.example.com', 443, '', None, 'printer.corp.example.com', 'refused', 'connection refused'),
    ('mail.example.com', 587, 'smtp', None, 'mail.example.com', 'timeout', 'no certificate within 10 seconds'),
    ('mail.example.com', 993, '', 'mail.example.com', 'mail.example.com', 'ok', ''),
    ('checkout.example.com', 443, '', 'checkout.example.com', 'checkout.example.com', 'ok', ''),
    ('bank.example.com', 443, '', 'bank.example.com', 'bank.example.com', 'ok', ''),
    ('payments.example.com', 443, '', 'payments.example.com', 'payments.example.com', 'ok', ''),
    ('api.example.net', 443, '', 'api.example.net', 'api.example.net', 'ok', ''),
    ('edge.example.net', 443, '', 'edge.example.net', 'edge.example.net', 'ok', ''),
    ('cdn.example.net', 443, '', 'cdn.example.net', 'cdn.example.net', 'ok', ''),
    ('ldap.corp.example.com', 636, '', 'ldap.corp.example.com', 'ldap.corp.example.com', 'ok', ''),
)


def check(api, certificates):
    """
    Report all endpoints. ``certificates`` are those of the demo: name → X.509 certificate and ID.
    """
    served, results = [], []
    for address, port, starttls, name, _expected, result, detail in CHECKED:
        external_id = f'served:{MONITOR}:{address}:{port}'
        if name:
            issued, _pk = certificates[name]
            served.append({'pem': issued.fullchain_pem, 'external_id': external_id, 'kind': 'served'})
        results.append(
            {
                'external_id': external_id,
                'address': address,
                'port': port,
                'starttls': starttls,
                'result': result,
                'detail': detail,
            }
        )
    api.post(IMPORT, served)
    recorded = api.post(f'{ENDPOINTS}results/', {'monitor': MONITOR, 'results': results})['results']
    expected = {each['id']: CHECKED[each['index']][4] for each in recorded}
    changes = [{'id': pk, 'expected_certificate': certificates[name][1]} for pk, name in expected.items() if name]
    api.patch(ENDPOINTS, changes)
