"""
`make messages`: the texts of the package in the catalogues of each language.

Django's ``makemessages`` extracts them (GNU gettext), on a copy, so that a catalogue changes only if its texts do.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from dev import debian, paths, processes, translation_marks
from dev.console import Failure, say

LOCALE = paths.PACKAGE / 'locale'
# Complete; translators may add others, of which parts may be missing.
COMPLETE = ('de',)


def messages(arguments):
    """Extract the texts; fail if one is not marked, or a complete language does not have it."""
    check = '--check' in arguments
    problems = [f'not marked for translation: {each}' for each in translation_marks.unmarked(paths.PACKAGE)]
    with tempfile.TemporaryDirectory() as folder:
        for source in sorted(extract(Path(folder)).glob('*/LC_MESSAGES/django.po')):
            target = LOCALE / source.relative_to(source.parents[2])
            language = source.parents[1].name
            if texts_of(source) != texts_of(target):
                if check:
                    problems.append(f'{language}: not the texts of the code. Run `make messages`.')
                else:
                    shutil.copy(source, target)
                    say(f'{target.relative_to(paths.ROOT)} is up to date')
            if language in COMPLETE:
                problems += [f'{language}: {problem}' for problem in untranslated(source)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        raise Failure(f'{len(problems)} problems with translations (see above).')
    return 0


def extract(folder: Path) -> Path:
    """Return a folder like ``LOCALE`` whose catalogues have the texts of the code."""
    if not shutil.which('xgettext') and debian.can_install():
        debian.install('gettext')
    if not shutil.which('xgettext'):
        raise Failure("translations need GNU gettext: 'apt-get install gettext'.")
    copy = folder / paths.PACKAGE.name
    shutil.copytree(paths.PACKAGE, copy, ignore=shutil.ignore_patterns('migrations', '*.pyc', '*.mo'))
    languages = [option for file in LOCALE.glob('*/LC_MESSAGES') for option in ('--locale', file.parent.name)]
    extensions = ['--extension', 'py,html,txt,svg']
    options = ['--no-wrap', '--no-obsolete', '--add-location', 'file', *extensions, *languages]
    # Without settings, so that only this folder counts
    command = [sys.executable, '-m', 'django', 'makemessages', *options]
    environment = {name: value for name, value in os.environ.items() if name != 'DJANGO_SETTINGS_MODULE'}
    processes.run_quietly(command, 'extract the texts', environment, cwd=copy)
    return copy / 'locale'


def read(file: Path) -> list[Message]:
    with file.open('rb') as opened:
        return [message for message in read_po(opened) if message.id]


def texts_of(file: Path) -> list[tuple]:
    """Return all texts with context and translation, wherever they are used: code is moved more often than changed."""
    return sorted(((each.context or '', each.id, each.string) for each in read(file)), key=str)


def untranslated(file: Path) -> list[str]:
    """Return what is wrong with the translations of a catalogue: missing, uncertain, or other placeholders."""
    problems = []
    for message in read(file):
        text = message.id if isinstance(message.id, str) else message.id[0]
        strings = [message.string] if isinstance(message.string, str) else message.string
        if message.fuzzy:
            problems.append(f'check the translation, and remove "fuzzy": {text!r}')
        elif not all(strings):
            problems.append(f'not translated: {text!r}')
    checked = subprocess.run(['msgfmt', '--check', '-o', '/dev/null', file], capture_output=True, text=True)
    if checked.returncode:
        problems.append(checked.stderr.strip())
    return problems
