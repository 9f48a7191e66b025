"""
ACME Renewal Information (RFC 9773) without the network: how a certificate is named, what an answer says, and when to
ask again. Nothing here knows Django.
"""

import json
import random
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

__all__ = (
    'LONG_TERM',
    'BadAnswer',
    'Window',
    'back_off',
    'certificate_id',
    'parse_directory',
    'parse_renewal_info',
    'parse_timestamp',
    'retry_after',
)

# RFC 9773, section 4.3: "Retry-After" is followed within reasonable limits, and long-term errors are asked again after
# six hours (section 4.3.3).
SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=1)
LONG_TERM = timedelta(hours=6)
# Temporary errors: a minute, then twice as long each time.
FIRST_BACK_OFF = timedelta(minutes=1)

MAX_URL = 2000

# RFC 3339, section 5.6, whose T and Z may be small; a blank instead of T is common. A leap second is taken as the one
# before it, as Python has none.
TIMESTAMP = re.compile(
    r'(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)',
    re.ASCII,
)


class BadAnswer(ValueError):
    """An answer that cannot be used; its text says why, in a sentence."""


@dataclass(frozen=True)
class Window:
    """What a CA suggests: to renew between ``start`` and ``end`` (aware, UTC), and where it explains why, or ''."""

    start: datetime
    end: datetime
    explanation_url: str = ''


#
# The certificate's name
#


def certificate_id(authority_key_id: str, serial_number: str) -> str:
    """
    The unique identifier of RFC 9773, section 4.1: ``base64url(AKI keyIdentifier).base64url(serial)``, without padding.
    The serial number goes in as the content octets of its DER INTEGER: with a leading zero octet when its top bit is
    set.

    Args:
        authority_key_id: hexadecimal, as in ``CertificateFacts``; '' where the certificate has none
        serial_number: hexadecimal, perhaps with a minus sign

    Returns '' where there is no identifier to be made.
    """
    if not authority_key_id or not serial_number:
        return ''
    number = int(serial_number, 16)
    # A negative one needs as many bits as its complement.
    octets = (number if number >= 0 else ~number).bit_length() // 8 + 1
    serial = number.to_bytes(octets, 'big', signed=True)
    return f'{_base64url(bytes.fromhex(authority_key_id))}.{_base64url(serial)}'


def _base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip('=')


#
# Answers. They come from outside: anything may be in them.
#


def parse_directory(body: bytes) -> str:
    """The ``renewalInfo`` URL of an ACME directory (RFC 9773, section 3); '' if there is none. Raises BadAnswer."""
    url = _object(body, 'The ACME directory').get('renewalInfo', '')
    if not url:
        return ''
    if not is_web_url(url):
        raise BadAnswer('The ACME directory names as renewalInfo what is no http(s) URL.')
    return url


def parse_renewal_info(body: bytes) -> Window:
    """The ``RenewalInfo`` object of RFC 9773, section 4.2. Raises BadAnswer."""
    answer = _object(body, 'The answer')
    window = answer.get('suggestedWindow')
    if not isinstance(window, dict):
        raise BadAnswer('The answer has no suggestedWindow.')
    start, end = (_timestamp(window, name) for name in ('start', 'end'))
    # Beyond these no page can show it in every time zone.
    if start.year < 1970 or end.year > 9998:
        raise BadAnswer('The suggested window is centuries away.')
    if end <= start:
        raise BadAnswer('The suggested window ends before it starts: it has to be ignored (RFC 9773, section 4.2).')
    url = answer.get('explanationURL', '')
    return Window(start, end, url if is_web_url(url) else '')


def _object(body: bytes, what: str) -> dict:
    try:
        answer = json.loads(body)
    # A number of 5,000 digits is a ValueError, a thousand brackets are a RecursionError.
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f'{what} is not JSON.') from error
    if not isinstance(answer, dict):
        raise BadAnswer(f'{what} is not a JSON object.')
    return answer


def _timestamp(window: dict, name: str) -> datetime:
    try:
        return parse_timestamp(window.get(name))
    except (TypeError, ValueError, OverflowError) as error:
        raise BadAnswer(f'The {name} of the suggested window is not a time as in RFC 3339.') from error


def parse_timestamp(text: str) -> datetime:
    """A time as in RFC 3339, in UTC; ValueError, TypeError or OverflowError if it is none."""
    match = TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError('not as in RFC 3339')
    date, minute, second, fraction, offset = match.groups()
    microsecond = ((fraction or '') + '000000')[:6]
    offset = '+00:00' if offset in 'Zz' else offset
    if second == '60':
        second, microsecond = '59', '999999'
    return datetime.fromisoformat(f'{date}T{minute}:{second}.{microsecond}{offset}').astimezone(UTC)


def is_web_url(url: object) -> bool:
    """Whether it is text that a page may link to: http(s) with a host, nothing unprintable, not endless."""
    if not isinstance(url, str) or len(url) > MAX_URL or not url.isprintable() or ' ' in url:
        return False
    try:
        # Half a surrogate pair cannot be stored.
        url.encode()
        parts = urlsplit(url)
        return parts.scheme in ('http', 'https') and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


#
# When to ask again
#


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """
    How long to wait by a ``Retry-After`` header (RFC 9110, section 10.2.3: seconds or an HTTP date), from a minute to a
    day; None if there is none or it says nothing.
    """
    value = (header or '').strip()
    if re.fullmatch(r'\d+', value, re.ASCII):
        # The absurd ones are a day, whatever their length.
        wait = timedelta(seconds=int(value[:9])) if len(value) < 10 else LONGEST
    else:
        try:
            moment = parsedate_to_datetime(value)
            wait = moment.replace(tzinfo=moment.tzinfo or UTC) - now
        except (TypeError, ValueError, OverflowError, IndexError):
            return None
    return min(max(wait, SHORTEST), LONGEST)


def back_off(failures: int) -> timedelta:
    """The wait after so many temporary failures in a row: a minute, doubled each time, at most six hours; ± 10 %."""
    wait = min(FIRST_BACK_OFF * 2 ** min(max(failures - 1, 0), 16), LONG_TERM)
    # So that what failed together is not asked again together.
    return wait * random.uniform(0.9, 1.1)  # noqa: S311
