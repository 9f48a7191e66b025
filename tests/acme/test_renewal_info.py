"""RFC 9773 without the network: identifiers, responses, and the time of the next request."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netbox_ssl.acme.renewal_info import (
    LONGEST,
    SHORTEST,
    BadAnswer,
    back_off,
    certificate_id,
    is_web_url,
    parse_directory,
    parse_renewal_info,
    parse_timestamp,
    retry_after,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY_ID = '69885B6B87464041E1B37B847BA0AE2CDE01C8D4'


def answer(start='2027-01-01T00:00:00Z', end='2027-01-02T00:00:00Z', **more) -> bytes:
    return json.dumps({'suggestedWindow': {'start': start, 'end': end}, **more}).encode()


#
# Identifiers
#


def test_vector_of_the_rfc():
    assert certificate_id(KEY_ID, '0087654321') == 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE'


@pytest.mark.parametrize(
    ('serial', 'octets'),
    [
        ('00', 'AA'),
        ('7F', 'fw'),
        # The top bit is set: DER has a zero before it.
        ('80', 'AIA'),
        ('FF', 'AP8'),
        ('0080', 'AIA'),
        ('-01', '_w'),
        ('-80', 'gA'),
        ('-81', '_38'),
    ],
)
def test_serial_numbers(serial, octets):
    assert certificate_id('00', serial) == f'AA.{octets}'


@given(st.integers(-(2**170), 2**170))
def test_serial_is_the_content_of_a_der_integer(number):
    from base64 import urlsafe_b64decode

    hexadecimal = f'{abs(number):X}'
    text = certificate_id(
        'AB', f'{"-" if number < 0 else ""}{hexadecimal.zfill(len(hexadecimal) + len(hexadecimal) % 2)}'
    )
    octets = urlsafe_b64decode(text.partition('.')[2] + '==')
    assert int.from_bytes(octets, 'big', signed=True) == number
    # DER, 8.3.2: the shortest encoding
    assert len(octets) == 1 or int.from_bytes(octets[1:], 'big', signed=True) != number


def test_none_without_a_key_identifier():
    assert certificate_id('', '01') == ''
    assert certificate_id(KEY_ID, '') == ''


#
# Responses
#


@pytest.mark.parametrize(
    ('text', 'moment'),
    [
        ('2026-11-24T12:00:00Z', NOW),
        ('2026-11-24t12:00:00z', NOW),
        ('2026-11-24T12:00:00.5Z', NOW + timedelta(milliseconds=500)),
        ('2026-11-24T12:00:00.1234567891Z', NOW + timedelta(microseconds=123456)),
        ('2026-11-24T14:30:00+02:30', NOW),
        ('2026-11-24T04:00:00-08:00', NOW),
        ('2016-12-31T23:59:60Z', datetime(2016, 12, 31, 23, 59, 59, 999999, UTC)),
    ],
)
def test_timestamps(text, moment):
    assert parse_timestamp(text) == moment
    assert parse_timestamp(text).tzinfo is UTC


@pytest.mark.parametrize(
    'text',
    [
        '',
        'now',
        '2026-11-24',
        '2026-11-24T12:00:00',
        '2026-13-24T12:00:00Z',
        '20261124T120000Z',
        '٢٠٢٦-11-24T12:00:00Z',
        5,
        None,
        [],
    ],
)
def test_invalid_timestamps(text):
    with pytest.raises(BadAnswer, match='RFC 3339'):
        parse_renewal_info(answer(start=text))


def test_window_with_explanation():
    window = parse_renewal_info(answer(explanationURL='https://ca.example/why'))
    assert window.start == datetime(2027, 1, 1, tzinfo=UTC)
    assert window.end == datetime(2027, 1, 2, tzinfo=UTC)
    assert window.explanation_url == 'https://ca.example/why'


@pytest.mark.parametrize(
    'url',
    [
        'javascript:alert(1)',
        'ftp://ca.example/',
        '//ca.example/',
        'https:///why',
        'https://ca.example/\nwhy',
        'https://ca.example/' + 'x' * 2000,
        'https://[::1',
        'https://ca.example:99999/',
        '\ud800',
        5,
        None,
        {},
    ],
)
def test_explanations_that_are_not_links(url):
    assert parse_renewal_info(answer(explanationURL=url)).explanation_url == ''
    assert not is_web_url(url)


@pytest.mark.parametrize(
    ('start', 'end'),
    [
        ('2027-01-02T00:00:00Z', '2027-01-01T00:00:00Z'),
        ('2027-01-02T00:00:00Z', '2027-01-02T00:00:00Z'),
        ('2027-01-02T00:00:00+02:00', '2027-01-01T22:00:00Z'),
    ],
)
def test_a_window_that_ends_before_it_starts_is_ignored(start, end):
    with pytest.raises(BadAnswer, match='ends before'):
        parse_renewal_info(answer(start, end))


@pytest.mark.parametrize('start', ['0001-01-01T00:00:00+14:00', '0001-01-01T00:00:00Z', '1969-12-31T00:00:00Z'])
def test_windows_centuries_away_are_refused(start):
    with pytest.raises(BadAnswer):
        parse_renewal_info(answer(start))
    with pytest.raises(BadAnswer):
        parse_renewal_info(answer(end='9999-12-31T23:59:59-14:00'))


@pytest.mark.parametrize(
    'body',
    [
        b'',
        b'null',
        b'[]',
        b'5',
        b'{',
        b'\xff\xfe',
        b'<html>',
        b'{"suggestedWindow": []}',
        b'{"suggestedWindow": null}',
        b'[' * 60_000,
        b'9' * 60_000,
        b'{"suggestedWindow": {"start": ' + b'9' * 5000 + b'}}',
    ],
)
def test_malformed(body):
    with pytest.raises(BadAnswer):
        parse_renewal_info(body)


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda x: (
            st.lists(x) | st.dictionaries(st.sampled_from(['suggestedWindow', 'start', 'end', 'explanationURL']), x)
        ),
    ).map(lambda x: json.dumps(x).encode())
)
def test_any_input_is_parsed_or_raises_bad_answer(body):
    for parse in (parse_renewal_info, parse_directory):
        try:
            parse(body)
        except BadAnswer as error:
            assert str(error).endswith('.') or ')' in str(error)  # noqa: PT017


def test_directories():
    assert parse_directory(b'{"renewalInfo": "https://ari.example/"}') == 'https://ari.example/'
    assert parse_directory(b'{"newNonce": "https://ca.example/"}') == ''
    for body in (b'{"renewalInfo": "file:///etc/passwd"}', b'{"renewalInfo": 5}', b'[]'):
        with pytest.raises(BadAnswer):
            parse_directory(body)


#
# The time of the next request
#


@pytest.mark.parametrize(
    ('header', 'wait'),
    [
        ('21600', timedelta(hours=6)),
        (' 3600 ', timedelta(hours=1)),
        ('0', SHORTEST),
        ('59', SHORTEST),
        ('86401', LONGEST),
        ('9' * 5000, LONGEST),
        (format_datetime(NOW + timedelta(hours=2), usegmt=True), timedelta(hours=2)),
        ('Tue, 24-Nov-26 14:00:00 GMT', timedelta(hours=2)),
        (format_datetime(NOW - timedelta(days=2), usegmt=True), SHORTEST),
        (format_datetime(NOW + timedelta(days=20), usegmt=True), LONGEST),
    ],
)
def test_retry_after(header, wait):
    assert retry_after(header, NOW) == wait


@pytest.mark.parametrize('header', [None, '', '-5', '1.5', 'soon', '٣٦٠٠', 'Tue, 99 Nov 2026 99:00:00 GMT', '\x00'])
def test_no_retry_after(header):
    assert retry_after(header, NOW) is None


@given(st.text(max_size=60))
def test_any_header_is_within_bounds(header):
    wait = retry_after(header, NOW)
    assert wait is None or SHORTEST <= wait <= LONGEST


def test_back_off_doubles_up_to_six_hours():
    minutes = [back_off(failures) / timedelta(minutes=1) for failures in range(1, 30)]
    for expected, actual in zip([1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360], minutes, strict=False):
        assert expected * 0.9 <= actual <= expected * 1.1
    assert back_off(10**6) <= timedelta(hours=6.6)
