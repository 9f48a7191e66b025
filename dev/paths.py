"""The files and folders of the tooling. Standard library only: this is read before there is an environment."""

import hashlib
import os
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / '.state'
RUNS = STATE / 'runs'
REQUIREMENTS = ROOT / 'requirements'
PACKAGE = ROOT / 'netbox_ssl'

# Distinguishes this checkout from others that use the same database server or temporary folder.
CHECKOUT = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
NETBOX_VERSION = os.environ.get('NETBOX_VERSION') or '4.7.3'
VENV = STATE / f'venv-{NETBOX_VERSION}-py{sys.version_info.major}.{sys.version_info.minor}'
INSTANCE = STATE / f'instance-{VENV.name.removeprefix("venv-")}'


def cache_folder():
    """Return the folder for what is slow to make and the same for every checkout of this user."""
    base = os.environ.get('XDG_CACHE_HOME') or Path('~/.cache').expanduser()
    return Path(base) / 'netbox-ssl'


def make_private(folder):
    """Make a folder that only this user can read: it may hold passwords and logs."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def write_atomically(path, text, mode=0o600):
    """Write a file so that no reader, and no run after one that was killed, sees half of it."""
    temporary = path.with_name(f'{path.name}.{os.getpid()}.new')
    temporary.touch(mode=mode)
    temporary.write_text(text, encoding='utf-8')
    temporary.replace(path)


def secret(name):
    """Return a key that is made once for this checkout and never committed."""
    file = STATE / f'{name}.secret'
    if not file.exists():
        write_atomically(file, secrets.token_urlsafe(48))
    return file.read_text()


def digest(*parts):
    """Return the SHA-256 hash of strings, files, and folders of files, in the given order, in hexadecimal."""
    total = hashlib.sha256()
    for part in parts:
        if not isinstance(part, Path):
            total.update(str(part).encode())
        else:
            for file in sorted(part.rglob('*')) if part.is_dir() else [part]:
                if file.is_file() and file.suffix != '.pyc':
                    total.update(str(file.relative_to(part.parent)).encode() + b'\0' + file.read_bytes())
        total.update(b'\0\0')
    return total.hexdigest()
