"""The Markdown of the documentation as HTML with the components of NetBox's theme: boxes, tables, buttons to copy."""

import re
from itertools import count

import markdown
from django.utils.html import format_html
from django.utils.translation import gettext as _

__all__ = ('to_html',)

# Superfences, which NetBox requires, too, knows blocks of code in lists; fenced_code does not.
EXTENSIONS = ('admonition', 'attr_list', 'def_list', 'md_in_html', 'pymdownx.superfences', 'tables', 'toc')
# Without colors: the theme has none for dark mode.
CONFIGURATION = {'pymdownx.highlight': {'use_pygments': False}}
# Kind of admonition → color of the box
BOXES = {'warning': 'warning', 'danger': 'danger'}
ADMONITION = re.compile(r'<div class="admonition (\w+)">\n<p class="admonition-title">(.*?)</p>')
CODE = re.compile(r'<pre(?: class="highlight")?><code(.*?)</code></pre>', re.DOTALL)
PICTURE = re.compile(r'<p><img[^>]*></p>')


def to_html(text: str) -> str:
    """Return the HTML of a page. The text comes with the plugin and needs no sanitising."""
    html = markdown.markdown(text, extensions=[*EXTENSIONS, 'pymdownx.highlight'], extension_configs=CONFIGURATION)
    # Omit pictures: they show pages that are a click away inside NetBox.
    html = PICTURE.sub('', html)
    html = ADMONITION.sub(_box, html)
    html = html.replace('<table>', '<div class="table-responsive"><table class="table">')
    html = html.replace('</table>', '</table></div>')
    numbers = count(1)
    return CODE.sub(lambda match: _code(match[1], next(numbers)), html)


def _box(match) -> str:
    color = BOXES.get(match[1], 'info')
    return f'<div class="alert alert-{color} d-block" role="note">\n<p class="alert-title">{match[2]}</p>'


def _code(content: str, number: int) -> str:
    """Return a block of code that the keyboard can scroll, and beside it, where it covers nothing, a button to copy."""
    button = format_html(
        '<button type="button" class="btn btn-sm btn-icon flex-shrink-0 copy-content ms-2"'
        ' data-clipboard-target="#code-{}"'
        ' title="{copy}" aria-label="{copy}"><i class="mdi mdi-content-copy" aria-hidden="true"></i></button>',
        number,
        copy=_('Copy to clipboard'),
    )
    label = format_html('role="region" aria-label="{}"', _('Code {number}').format(number=number))
    block = f'<pre class="flex-fill mb-0 border" style="min-width: 0" tabindex="0" {label}><code id="code-{number}"'
    return f'<div class="d-flex align-items-start mb-3">{block}{content}</code></pre>{button}</div>'
