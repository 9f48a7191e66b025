"""The plugin's documentation inside NetBox, so that the Help button of a form works without internet access."""

import re
from pathlib import Path

from django.http import FileResponse, Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View
from utilities.views import ConditionalLoginRequiredMixin

from netbox_ssl.utilities import shipped_folder

from .documentation_markdown import to_html

__all__ = ('DocumentationView', 'documentation_url')

# Folder → the part of the documentation
SECTIONS = {
    'tutorials': gettext_lazy('Tutorials'),
    'how-to': gettext_lazy('How-to guides'),
    'reference': gettext_lazy('Reference'),
    'explanation': gettext_lazy('Explanation'),
}
# The address of NetBox in the examples
EXAMPLE = 'https://netbox.example.com'
# Files that pages offer for download
DOWNLOADS = frozenset({'.json', '.yml'})
LINK = re.compile(r'(href|src)="(?!https?:|/|#|mailto:)([^"#]+)(#[^"]*)?"')


def documentation_url(page: str = 'index') -> str:
    """Return the URL of a documentation page, given its path without ``.md``."""
    return reverse('plugins:netbox_ssl:documentation', kwargs={'page': page})


def _folder() -> Path:
    folder = shipped_folder('docs', holding='index.md')
    if folder is None:
        raise Http404(_('This installation has no documentation. Reinstall the plugin from its wheel.'))
    return folder


def _find(page: str) -> Path:
    """Return the file of a page or a download. Raises Http404 if it does not exist or is outside the folder."""
    folder = _folder()
    # Compared with the names that exist: a name from outside may be one that no file system can look up.
    files = {path.relative_to(folder): path for path in folder.rglob('*') if path.suffix in ('.md', *DOWNLOADS)}
    pages = {(path if path.suffix in DOWNLOADS else path.with_suffix('')).as_posix(): files[path] for path in files}
    if page not in pages:
        raise Http404(_('No such page in the documentation.'))
    return pages[page]


def _render(path: Path, root: str) -> tuple[str, str]:
    """Return the title and HTML of a page, with ``root`` as the address of NetBox in the examples."""
    text = path.read_text(encoding='utf-8')
    title = next((line.removeprefix('# ') for line in text.splitlines() if line.startswith('# ')), path.stem)
    html = to_html(text.replace(f'# {title}\n', '', 1)).replace(EXAMPLE, escape(root))

    def link(match):
        attribute, target, anchor = match[1], match[2], match[3] or ''
        page = (path.parent / target).resolve().relative_to(_folder().resolve())
        page = page if page.suffix in DOWNLOADS else page.with_suffix('')
        return f'{attribute}="{documentation_url(page.as_posix())}{anchor}"'

    return title, LINK.sub(link, html)


class DocumentationView(ConditionalLoginRequiredMixin, View):
    def get(self, request, page='index'):
        path = _find(page)
        if path.suffix in DOWNLOADS:
            return FileResponse(path.open('rb'), as_attachment=True)
        title, html = _render(path, request.build_absolute_uri(reverse('home')).rstrip('/'))
        context = {
            'title': title,
            'html': mark_safe(html),
            'home': documentation_url(),
            'is_home': page == 'index',
            'section': SECTIONS.get(page.partition('/')[0]),
            'list_url': reverse('plugins:netbox_ssl:certificate_list'),
        }
        return render(request, 'netbox_ssl/documentation.html', context)
