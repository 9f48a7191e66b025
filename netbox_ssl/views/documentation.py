"""The plugin's own documentation inside NetBox, so that the "?" of a form leads somewhere without the internet."""

import re
from pathlib import Path

import markdown
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.generic import View
from utilities.views import ConditionalLoginRequiredMixin

from netbox_ssl.utilities import shipped_folder

__all__ = ('DocumentationView', 'documentation_url')

EXTENSIONS = ('admonition', 'attr_list', 'def_list', 'fenced_code', 'md_in_html', 'tables', 'toc')
LINK = re.compile(r'(href|src)="(?!https?:|/|#|mailto:)([^"#]+)(#[^"]*)?"')


def documentation_url(page: str = 'index') -> str:
    """URL of a page of the documentation, named by its path without ``.md``."""
    return reverse('plugins:netbox_ssl:documentation', kwargs={'page': page})


def _folder() -> Path:
    folder = shipped_folder('docs', holding='index.md')
    if folder is None:
        raise Http404(_('This installation has no documentation. Reinstall the plugin from its wheel.'))
    return folder


def _find(page: str) -> Path:
    """The Markdown file of a page; Http404 if there is none, or if the path leads out of the folder."""
    folder = _folder()
    path = (folder / f'{page}.md').resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise Http404(_('No such page in the documentation.'))
    return path


def _render(path: Path) -> tuple[str, str]:
    """Title and HTML of a page. The text is ours, so it needs no sanitising."""
    text = path.read_text(encoding='utf-8')
    title = next((line.removeprefix('# ') for line in text.splitlines() if line.startswith('# ')), path.stem)
    html = markdown.markdown(text.replace(f'# {title}\n', '', 1), extensions=EXTENSIONS)

    def link(match):
        attribute, target, anchor = match[1], match[2], match[3] or ''
        page = (path.parent / target).resolve().relative_to(_folder().resolve()).with_suffix('').as_posix()
        return f'{attribute}="{documentation_url(page)}{anchor}"'

    # Pictures are left to the site: inside NetBox the pages they show are at hand.
    html = re.sub(r'<p><img[^>]*></p>', '', html)
    return title, LINK.sub(link, html)


class DocumentationView(ConditionalLoginRequiredMixin, View):
    def get(self, request, page='index'):
        title, html = _render(_find(page))
        context = {'title': title, 'html': mark_safe(html), 'home': documentation_url()}
        return render(request, 'netbox_ssl/documentation.html', context)
