"""Messages, and text made safe to show."""

import json
import pickle

from hypothesis import given
from hypothesis import strategies as st

from netbox_ssl.x509 import CertificateInputError, LimitError, Message, PrivateKeyError, fits_index, visible
from netbox_ssl.x509.text import MAX_SAN_OCTETS, visible_name


def test_a_message_is_its_text_and_can_be_translated():
    message = Message('left_out', '%(where)s was left out.', where='PEM block 2')
    assert message == 'PEM block 2 was left out.'
    assert (message.code, message.template % message.params) == ('left_out', message)
    assert json.dumps([message]) == '["PEM block 2 was left out."]'
    assert pickle.loads(pickle.dumps(message)).params == {'where': 'PEM block 2'}


def test_an_error_is_its_text_and_survives_pickling():
    for cls in (CertificateInputError, PrivateKeyError, LimitError):
        error = pickle.loads(pickle.dumps(cls('code', '%(limit)d is the limit', limit=7)))
        assert (type(error), error.code, str(error), error.params) == (cls, 'code', '7 is the limit', {'limit': 7})


@given(st.text(st.characters()), st.integers(1, 60))
def test_visible_text_fits_database_and_page(text, limit):
    shown = visible(text, limit)
    assert shown.isprintable()
    assert '\0' not in shown
    assert len(shown) <= limit
    shown.encode()  # no lone surrogate is left


def test_short_visible_text_is_kept():
    assert visible('Zürich 東京 “quoted”') == 'Zürich 東京 “quoted”'
    assert visible('x' * 255) == 'x' * 255
    assert visible('x' * 256) == 'x' * 254 + '…'


@given(st.text(st.characters(), max_size=50), st.integers(1, 200))
def test_names_fit_into_the_index(text, times):
    name = visible_name(text * times)
    assert name.isprintable()
    assert fits_index(name)
    assert len(name.encode()) <= MAX_SAN_OCTETS


def test_names_are_cut_off_by_octets():
    assert visible_name('a' * MAX_SAN_OCTETS) == 'a' * MAX_SAN_OCTETS
    assert visible_name('a' * (MAX_SAN_OCTETS + 1)).endswith('a…')
    assert visible_name('東' * 682) == '東' * 682
    assert visible_name('東' * 683) == '東' * 681 + '…'
    assert not fits_index('東' * 683)
