"""
Texts that people see but translators do not: literals in Python code, and text of templates, without a mark.

In Python, these are the arguments by which Django and NetBox receive texts; texts of the REST schema and logs stay in
English. In templates, it is all text, and the attributes that browsers show.
"""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

# Keyword arguments with texts
KEYWORDS = frozenset(
    [
        'caption',
        'description',
        'empty_label',
        'empty_text',
        'heading',
        'help_text',
        'hint',
        'label',
        'link_text',
        'message',
        'placeholder',
        'text',
        'title',
        'verbose_name',
        'verbose_name_plural',
        'violation_error_message',
    ]
)
# Functions whose arguments are texts. Of ``messages.success()`` and the like, the module is checked, too.
FUNCTIONS = frozenset(
    ['AbortRequest', 'Choice', 'CommandError', 'Error', 'PermissionDenied', 'ValidationError', 'Warning']
)
LEVELS = frozenset(['success', 'warning', 'error', 'info'])
# Not shown on pages
ENGLISH = re.compile(r'OpenApi|^serializers\.|^logger\.|\.logger\.|_logger\.|^extend_schema')
ATTRIBUTES = frozenset(['title', 'placeholder', 'alt', 'aria-label', 'data-bs-title'])
# Names that are the same in every language
NAMES = re.compile(
    '(HTTP-01|DNS-01|TLS-ALPN-01|DNS-PERSIST-01'
    '|SMTP|LMTP|IMAP|POP3|ManageSieve|NNTP|FTP|LDAP|PostgreSQL|MySQL|XMPP|IRC)$'
)
TAG = re.compile(r'(\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\})', re.DOTALL)
TRANSLATED = ('blocktrans', 'blocktranslate', 'comment')
WORD = re.compile('[A-Za-z]{2}')


def unmarked(package: Path) -> list[str]:
    """Return ``file:line: text`` for each unmarked text of a package."""
    found = []
    for file in sorted(package.rglob('*.py')):
        if 'migrations' not in file.parts:
            found += [
                f'{file.relative_to(package.parent)}:{line}: {text}' for line, text in in_python(file.read_text())
            ]
    for file in sorted(package.glob('templates/**/*')):
        if file.is_file():
            texts = in_template(file.read_text())
            found += [f'{file.relative_to(package.parent)}:{line}: {text}' for line, text in texts]
    return found


def in_python(source: str):
    """Yield (line, text) of the unmarked literals in Python code."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and not ENGLISH.search(called := ast.unparse(node.func)):
            for value in _texts(node, called):
                if _is_text(value):
                    yield value.lineno, ast.unparse(value)


def _texts(call: ast.Call, called: str):
    """Yield the arguments of a call that are texts."""
    yield from (keyword.value for keyword in call.keywords if keyword.arg in KEYWORDS)
    module, _, name = called.rpartition('.')
    if name in FUNCTIONS or (module == 'messages' and name in LEVELS):
        yield from call.args


def _is_text(value) -> bool:
    """Return whether a value is a literal for people: several words, or one with a capital."""
    if isinstance(value, ast.JoinedStr):
        # Placeholders and punctuation alone need no translation.
        return any(isinstance(part, ast.Constant) and WORD.search(part.value) for part in value.values)
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        return False
    text = re.sub(r'%\(?\w*\)?s|\{\w*\}', '', value.value)
    return bool(WORD.search(text)) and (' ' in text or text[:1].isupper()) and not NAMES.match(text)


def in_template(source: str):
    """Yield (line, text) of the unmarked texts in a template."""
    parser = _Texts()
    inside = ''
    for part in TAG.split(source):
        if part.startswith('{%'):
            word = part[2:-2].split()[0]
            inside = word if word in TRANSLATED else '' if word == f'end{inside}' else inside
        # Keep the lines, so that positions stay right.
        keep = not inside and not part.startswith('{')
        parser.feed(part if keep else '\n' * part.count('\n'))
    parser.close()
    return parser.found


class _Texts(HTMLParser):
    """Collects text and attributes with words, outside scripts and code."""

    HIDDEN = ('script', 'style', 'code', 'pre')

    def __init__(self):
        super().__init__()
        self.found = []
        self._hidden = 0

    def handle_starttag(self, tag, attributes):
        self._hidden += tag in self.HIDDEN
        for name, value in attributes:
            if name in ATTRIBUTES and WORD.search(value or ''):
                self.found.append((self.getpos()[0], f'{name}="{value}"'))

    def handle_endtag(self, tag):
        self._hidden -= tag in self.HIDDEN

    def handle_data(self, data):
        if not self._hidden and WORD.search(data):
            line = self.getpos()[0] + data[: len(data) - len(data.lstrip())].count('\n')
            self.found.append((line, ' '.join(data.split())[:80]))
