"""The page of measurements, and the list of benchmarks that CI runs."""

import re

from benchmarks.__main__ import NAMES
from benchmarks.record import PREAMBLE, sections, written
from dev import paths

LISTS = 'Measured in May.\n\n| list | median |\n|---|---|\n| ours | 5 ms |\n'
ORDER = ['Imports', 'Lists', 'Sweep']


def test_a_section_is_replaced_and_the_others_stay():
    page = written({'Lists': LISTS, 'Sweep': 'Measured in June.\n'}, ORDER)
    later = written({**sections(page), 'Imports': 'Measured in July.\n'}, ORDER)
    assert later.startswith(PREAMBLE)
    assert re.findall('^## (.*)$', later, re.MULTILINE) == ORDER
    assert sections(later) == {'Imports': 'Measured in July.\n', 'Lists': LISTS, 'Sweep': 'Measured in June.\n'}


def test_a_section_of_a_removed_benchmark_is_left_out():
    assert sections(written({'Lists': LISTS, 'Gone': 'Measured in June.\n'}, ORDER)) == {'Lists': LISTS}


def test_ci_runs_every_benchmark():
    line = re.search(r"ARGS='--tiny (.*)'", (paths.ROOT / '.ci/run').read_text())
    assert sorted(line[1].split()) == sorted(NAMES)
