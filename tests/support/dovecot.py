"""A real Dovecot on 127.0.0.1, whose IMAP starts in plain text and requires STARTTLS."""

import getpass
import grp
import os
import socket
from pathlib import Path

from dev import processes
from tests.support import programs
from tests.support.certificate_factory import Issued

__all__ = ('Dovecot',)

# Of version 2.3. Login processes must not be those of root.
CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = /dev/stderr
protocols = imap
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
ssl = required
ssl_cert = <{folder}/crt
ssl_key = <{folder}/key
passdb {{
  driver = static
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


class Dovecot:
    def __init__(self, folder: Path, issued: Issued):
        self.port = processes.free_port()
        (folder / 'crt').write_text(issued.fullchain_pem)
        (folder / 'key').write_text(issued.key_pem)
        user = 'nobody' if os.geteuid() == 0 else getpass.getuser()
        group = grp.getgrgid(os.getegid()).gr_name
        configuration = folder / 'dovecot.conf'
        configuration.write_text(CONFIGURATION.format(folder=folder, user=user, group=group, port=self.port))
        log = folder / 'dovecot.log'
        self.process = processes.start(programs.as_if_installed('dovecot', '-F', '-c', configuration), log)
        processes.wait_until(self._answers, self.process, processes.PATIENCE, 'Dovecot', log)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(('127.0.0.1', self.port)) as client:
                return client.recv(4) == b'* OK'
        except OSError:
            return False

    def stop(self) -> None:
        processes.stop(self.process)
