"""Read the forms that a page instructs users to fill in: its tables are forms, its blocks the values "as below"."""

import re
from dataclasses import dataclass
from pathlib import Path

TUTORIALS = Path(__file__).resolve().parents[2] / 'docs' / 'tutorials'
SECTION = re.compile(r'^## (?P<title>.+)$', re.M)
# "*Operations → Webhooks → Add*:", the table of fields after it, and the block directly after the table.
FORM = re.compile(
    r'\*(?P<menu>[^*]+?) → Add\*:\n\n\| Field \| Value \|\n\|---\|---\|\n(?P<rows>(?:\|[^\n]*\|\n)+)'
    r'(?:\n```(?P<language>json|jinja)\n(?P<block>.*?)```)?',
    re.S,
)
# Lines may also break within the path of a menu.
JOINED = re.compile(r'→\n')


@dataclass
class FilledForm:
    """The menu to open, and the values to enter: label → value. "as below" is replaced by the block below."""

    menu: str
    fields: dict[str, str]


def forms(page: str, folder: Path = TUTORIALS) -> list[FilledForm]:
    """Return the forms in the order of the page."""
    text = JOINED.sub('→ ', (folder / page).read_text(encoding='utf-8'))
    return [_form(match) for match in FORM.finditer(text)]


def _form(match) -> FilledForm:
    rows = [row.strip('|').split(' | ') for row in match['rows'].splitlines()]
    fields = {label.strip(): value.strip().strip('`*') for label, value in rows}
    return FilledForm(
        ' '.join(match['menu'].split()),
        {label: match['block'] if value == 'as below' else value for label, value in fields.items()},
    )
