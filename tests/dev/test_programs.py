"""Tests find only programs that are installed for them, whatever else is on this machine."""

import os
import shutil
from pathlib import Path

import pytest

from dev import paths, postgres
from tests.support import programs


def test_path_holds_only_listed_programs():
    folders = {Path(folder) for folder in os.environ['PATH'].split(os.pathsep)}
    assert folders <= {paths.VENV / 'bin', postgres.find_programs()[0], programs.FOLDER}
    assert {file.name for file in programs.FOLDER.iterdir()} <= programs.LISTED


@pytest.mark.parametrize('program', [*programs.INSTALLED, *programs.UNPACKED])
def test_listed_program_is_there(program):
    assert os.access(programs.find(program), os.X_OK)


def test_program_that_is_not_listed_is_refused():
    with pytest.raises(LookupError, match='ps is not listed'):
        programs.find('ps')
    assert shutil.which('ps') is None
