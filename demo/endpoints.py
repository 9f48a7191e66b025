"""The endpoints of the demo, as a monitor reports them: what visitors get, over the REST API."""

ENDPOINTS = 'plugins/ssl/endpoints/'
IMPORT = 'plugins/ssl/certificates/import/'
MONITOR = 'monitor-01'

# Address, port, STARTTLS protocol, name of the certificate that it serves and of the expected one, result and detail
CHECKED = (
    ('www.example.com', 443, '', 'www.example.com', 'www.example.com', 'ok', ''),
    ('shop.example.com', 443, '', 'www.example.com', None, 'name_mismatch', 'hostname mismatch'),
    ('partner.example.com', 443, '', 'bank.example.com', 'partner.example.com', 'ok', ''),
    ('old-blog.example.com', 443, '', 'old-blog.example.com', None, 'expired', 'certificate has expired'),
    ('printer.corp.example.com', 443, '', None, None, 'refused', 'connection refused'),
    ('mail.example.com', 587, 'smtp', None, None, 'timeout', 'no certificate within 10 seconds'),
)


def check(api, certificates):
    """
    Report all endpoints. ``certificates`` are those of the demo: name → X.509 certificate and ID.
    """
    expected = {}
    results = []
    for address, port, starttls, served, expects, result, detail in CHECKED:
        external_id = f'served:{MONITOR}:{address}:{port}'
        if served:
            issued, _pk = certificates[served]
            api.post(IMPORT, {'pem': issued.fullchain_pem, 'external_id': external_id, 'kind': 'served'})
        expected[len(results)] = expects and certificates[expects][1]
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
    recorded = api.post(f'{ENDPOINTS}results/', {'monitor': MONITOR, 'results': results})['results']
    for each in recorded:
        if expected[each['index']]:
            api.patch(f'{ENDPOINTS}{each["id"]}/', {'expected_certificate': expected[each['index']]})
