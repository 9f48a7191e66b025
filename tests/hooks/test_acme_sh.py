"""The reports of the hook for acme.sh from its files on the host."""

import re
from datetime import UTC, datetime

import pytest

from tests.hooks import lineages
from tests.hooks.reported import ISSUED, external_id, is_now, sent
from tests.support.acme_issuances import DAY

# If no days are set, acme.sh chooses the time of the next renewal.
NEXT_DAYS = 25
NEXT = int((ISSUED.certificate.not_valid_after_utc - NEXT_DAYS * DAY).timestamp()) - 3600


class TestAcmeSh:
    # As acme.sh 3.1.4 wrote it against a server on this machine.
    CONF = """Le_Domain='www.example.net'
Le_Alt='no'
Le_Webroot='{webroot}'
Le_PreHook=''
Le_API='{server}'
Le_Keylength='ec-256'
Le_LinkOrder='$(touch evil)'
SAVED_CF_Token='secret'
Le_CertCreateTime='1795479661'
Le_CertCreateTimeStr='2026-11-24T04:21:01Z'
Le_NextRenewTimeStr='2027-01-22T04:21:01Z'
Le_NextRenewTime='{next}'
{more}"""

    def home(self, tmp_path, webroot='no', more='', server='https://ca.example.net:8443/acme/directory'):
        folder = tmp_path / '.acme.sh' / 'www.example.net_ecc'
        lineages.written(folder / 'fullchain.cer', ISSUED.fullchain_pem)
        lineages.written(folder / 'www.example.net.key', ISSUED.key_pem)
        conf = self.CONF.format(webroot=webroot, server=server, next=NEXT, more=more)
        lineages.written(folder / 'www.example.net.conf', conf)
        lineages.written(folder.parent / 'account.conf', "LOG_FILE='x'\n")
        account = "CA_KEY_HASH='x'\nCA_EAB_HMAC_KEY='secret'\nCA_EMAIL='ops@example.net'\n"
        lineages.written(tmp_path / '.acme.sh' / 'ca' / 'ca.example.net' / 'acme' / 'directory' / 'ca.conf', account)
        return folder

    def test_sync(self, host, netbox, tmp_path):
        folder = self.home(tmp_path)
        assert host.run('acme-sh.sh', '--sync', folder.parent).lines == []
        assert sent(netbox) == {
            'external_id': external_id('acme.sh', folder.parent, folder.name),
            'client': 'acme.sh',
            'is_acme': True,
            'acme_server_url': 'https://ca.example.net:8443/acme/directory',
            'acme_account_email': 'ops@example.net',
            'acme_challenge_type': 'http-01',
            'acme_auto_renewal': True,
            'acme_renewal_days': NEXT_DAYS,
            'acme_last_renewed': datetime.fromtimestamp(1795479661, UTC).isoformat().replace('+00:00', 'Z'),
        }
        assert b'secret' not in netbox.reports[0].body
        assert not (tmp_path / 'evil').exists()

    @pytest.mark.parametrize(
        ('webroot', 'challenge'),
        [
            ('alpn', 'tls-alpn-01'),
            ('dns_cf', 'dns-01'),
            ('dns_cf,dns_aws', 'dns-01'),
            ('/var/www,/srv/www', 'http-01'),
            ('dns_cf,/var/www', None),
            ('dns_persist', None),
            ('dns', 'dns-01'),
        ],
    )
    def test_challenge(self, host, netbox, tmp_path, webroot, challenge):
        host.run('acme-sh.sh', '--sync', self.home(tmp_path, webroot).parent)
        item = sent(netbox)
        assert item.get('acme_challenge_type') == challenge
        assert item['acme_auto_renewal'] is (webroot != 'dns')

    @pytest.mark.parametrize(('days', 'expected'), [('60', 30), ('-10', 10), ('', NEXT_DAYS), ('200', None)])
    def test_days(self, host, netbox, tmp_path, days, expected):
        host.run('acme-sh.sh', '--sync', self.home(tmp_path, more=f"Le_RenewalDays='{days}'\n").parent)
        assert sent(netbox).get('acme_renewal_days') == expected

    def test_the_deploy_hook_as_documented(self, host, netbox, tmp_path):
        folder = self.home(tmp_path)
        run = host.run('acme-sh.sh', folder / 'fullchain.cer')
        assert (run.stdout, run.lines) == ('', [])
        assert is_now(sent(netbox)['acme_last_renewed'])

    def test_reloadcmd(self, host, netbox, tmp_path):
        folder = self.home(tmp_path)
        host.run('acme-sh.sh', DOMAIN_PATH=folder, CERT_FULLCHAIN_PATH='/etc/nginx/tls/fullchain.pem')
        assert sent(netbox)['external_id'] == external_id('acme.sh', folder.parent, folder.name)

    @pytest.mark.parametrize('moment', ['', '0', 'soon', '9999999999'])
    def test_no_days_from_an_implausible_time(self, host, netbox, tmp_path, moment):
        host.run('acme-sh.sh', '--sync', self.home(tmp_path, more=f"Le_NextRenewTime='{moment}'\n").parent)
        assert 'acme_renewal_days' not in sent(netbox)

    def elsewhere(self, tmp_path):
        """Use --cert-home: the certificates in one folder, account.conf and the accounts in another."""
        home = self.home(tmp_path).parent
        certificates = tmp_path / 'certificates'
        certificates.mkdir()
        (home / 'www.example.net_ecc').rename(certificates / 'www.example.net_ecc')
        (home / 'account.conf').write_text(f"LOG_FILE='x'\nCERT_HOME='{certificates}'\nSAVED_CF_Token='secret'\n")
        return home, certificates / 'www.example.net_ecc'

    def test_certificates_in_another_folder(self, host, netbox, tmp_path):
        home, folder = self.elsewhere(tmp_path)
        assert host.run('acme-sh.sh', '--sync', home).lines == []
        assert sent(netbox)['acme_account_email'] == 'ops@example.net'
        netbox.reports.clear()
        host.run('acme-sh.sh', folder / 'fullchain.cer', LE_CONFIG_HOME=home)
        assert sent(netbox)['acme_account_email'] == 'ops@example.net'

    def test_by_a_service_without_a_home(self, host, netbox, tmp_path):
        self.home(tmp_path)
        host.program('getent', f'echo "root:x:0:0:root:{tmp_path}:/bin/sh"')
        run = host.run('acme-sh.sh', '--sync', HOME=None)
        assert (run.lines, len(netbox.items)) == ([], 1)

    def test_nothing_found(self, host, netbox, tmp_path):
        run = host.run('acme-sh.sh', '--sync', tmp_path / 'nothing', NETBOX_ACME_STRICT=1)
        assert (run.code, len(run.lines)) == (1, 1)
        assert 'no certificate was found' in run.stderr

    def test_never_issued(self, host, netbox, tmp_path):
        folder = self.home(tmp_path)
        conf = folder / 'www.example.net.conf'
        conf.write_text(re.sub('Le_CertCreateTime=.*\n', '', conf.read_text()))
        host.run('acme-sh.sh', '--sync', folder.parent)
        assert netbox.reports == []
