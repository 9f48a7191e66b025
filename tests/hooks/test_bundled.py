"""The hooks as provided by *Connect a client*: one file that includes the library."""

from netbox_ssl.imports.clients import file_text
from tests.hooks import lineages


def test_a_hook_in_one_file(host, netbox, tmp_path):
    hook = tmp_path / 'netbox'
    hook.write_text(file_text('certbot.sh'))
    live = lineages.certbot(tmp_path / 'le')
    assert host.run(hook, RENEWED_LINEAGE=live).lines == []
    assert host.run(hook, '--sync', tmp_path / 'le').stdout.startswith('netbox-acme (certbot): 1 reported')
    assert len(netbox.items) == 2


def test_other_verbs_of_dehydrated_stay_silent(host, netbox, tmp_path):
    hook = tmp_path / 'hook'
    hook.write_text(file_text('dehydrated.sh'))
    run = host.run(hook, 'generate_csr', 'a')
    assert (run.code, run.stdout, run.stderr, netbox.reports) == (0, '', '', [])
