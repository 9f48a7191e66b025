"""The catalogues have every text of the code, each is marked, and German has a translation for each."""

import re
import shutil

import pytest
from django.utils.translation import gettext, ngettext, override

from dev import translation_marks, translations
from hatch_build import compile_catalogues

GERMAN = translations.LOCALE / 'de' / 'LC_MESSAGES' / 'django.po'
# A number before a noun that may be one: such a text has a singular and a plural.
COUNTED = re.compile(r'(\{(count|total|n|certificates|files)\}|%\((count|total|n)\)[sd]) [a-z]+s\b')
# The number is never one there.
SEVERAL = (
    'The PEM contains {count} certificates.',
    'This contains {count} certificates ({names}).',
    '(%(count)s names)',
    '--client: at most {count} characters.',
    '%(where)s is cut short',
)


@pytest.fixture(scope='module')
def extracted(tmp_path_factory):
    folder = translations.extract(tmp_path_factory.mktemp('extracted'))
    return folder / 'de' / 'LC_MESSAGES' / 'django.po'


def test_every_text_is_marked():
    assert translation_marks.unmarked(translations.paths.PACKAGE) == []


def test_the_catalogue_has_the_texts_of_the_code(extracted):
    """If this fails, run ``make messages`` and translate what it lists."""
    texts = [{each[:2] for each in translations.texts_of(file)} for file in (GERMAN, extracted)]
    assert texts[0] == texts[1]


def test_german_is_complete():
    assert translations.untranslated(GERMAN) == []


def test_texts_with_a_number_have_a_plural():
    singular = [each.id for each in translations.read(GERMAN) if isinstance(each.id, str) and COUNTED.search(each.id)]
    assert [text for text in singular if not text.startswith(SEVERAL)] == []


def test_translations_are_used():
    with override('de'):
        assert gettext('Valid from') == 'Gültig ab'
        assert ngettext('{count} certificate', '{count} certificates', 1) == '{count} Zertifikat'
        assert ngettext('{count} certificate', '{count} certificates', 2) == '{count} Zertifikate'


@pytest.mark.parametrize(
    ('code', 'found'),
    [
        ("raise ValidationError('Nothing was stored.')", ["'Nothing was stored.'"]),
        ("raise ValidationError({'pem': 'x'}, code='y')", []),
        ("raise ValidationError(_('Nothing was stored.'))", []),
        ("messages.success(request, f'Stored {name}.')", ["f'Stored {name}.'"]),
        ("messages.success(request, f'{name}: {text}')", []),
        ("logger.warning('Nothing was stored.')", []),
        ("CharField(label='Name', max_length=5)", ["'Name'"]),
        ("CharField(label=_('Name'))", []),
        ("Choice('http-01', 'HTTP-01')", []),
    ],
)
def test_unmarked_texts_in_python(code, found):
    assert [text for _line, text in translation_marks.in_python(code)] == found


@pytest.mark.parametrize(
    ('template', 'found'),
    [
        ('<p>Nothing here</p>', [(1, 'Nothing here')]),
        ('<p>{% trans "Nothing here" %}</p>', []),
        ('<p>\n{% blocktrans trimmed %}\nNothing {{ here }}\n{% endblocktrans %}</p>\n<b>More</b>', [(5, 'More')]),
        ('<a title="More">{{ name }}</a>', [(1, 'title="More"')]),
        ('<a title="{% trans "More" %}" href="more">{{ name }} – {{ other }}</a>', []),
        ('{# A comment #}{% comment %}Another{% endcomment %}<code>curl</code>', []),
    ],
)
def test_unmarked_texts_in_templates(template, found):
    assert list(translation_marks.in_template(template)) == found


def test_compiled_translations_do_not_depend_on_the_time(tmp_path):
    source = tmp_path / 'locale' / 'de' / 'LC_MESSAGES' / 'django.po'
    source.parent.mkdir(parents=True)
    shutil.copy(GERMAN, source)
    (compiled,) = compile_catalogues(tmp_path)
    (date,) = re.findall(r'POT-Creation-Date: ([^\\]+)', source.read_text(encoding='utf-8'))
    assert date.encode() in compiled.read_bytes()


def test_untranslated_texts_are_found(tmp_path):
    file = tmp_path / 'django.po'
    header = GERMAN.read_text(encoding='utf-8').split('\n\n')[0]
    entries = [
        'msgid "Certificate"\nmsgstr ""',
        '#, fuzzy\nmsgid "Name"\nmsgstr "Nahme"',
        'msgid "day"\nmsgid_plural "days"\nmsgstr[0] "Tag"\nmsgstr[1] ""',
    ]
    file.write_text('\n\n'.join([header, *entries]) + '\n', encoding='utf-8')
    problems = translations.untranslated(file)
    assert [word in problem for word, problem in zip(('Certificate', 'Name', 'day'), problems, strict=True)] == [
        True
    ] * 3
    file.write_text(f'{header}\n\n#, python-brace-format\nmsgid "{{name}}"\nmsgstr "{{nahme}}"\n', encoding='utf-8')
    assert translations.untranslated(file)
