"""
ACME Renewal Information (RFC 9773) without the network: the identifier of a certificate, parsing of responses, and the
time of the next request. Independent of Django.
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

# RFC 9773, section 4.3: "Retry-After" is followed within reasonable limits, and requests are repeated six hours after a
# long-term error (section 4.3.3).
SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=1)
LONG_TERM = timedelta(hours=6)
# After temporary errors: a minute, doubled each time
FIRST_BACK_OFF = timedelta(minutes=1)

MAX_URL = 2000

# RFC 3339, section 5.6. T and Z may be lower case; a space instead of T is common. A leap second is read as the second
# before it, because Python has none.
TIMESTAMP = re.compile(
    r'(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)',
    re.ASCII,
)


class BadAnswer(ValueError):
    """A response that cannot be used; the text says why, in a sentence."""


@dataclass(frozen=True)
class Window:
    """A CA's suggestion to renew between ``start`` and ``end`` (aware, UTC), and the URL of an explanation, or ''."""

    start: datetime
    end: datetime
    explanation_url: str = ''


#
# The identifier of a certificate
#


def certificate_id(authority_key_id: str, serial_number: str) -> str:
    """
    Return the unique identifier of RFC 9773, section 4.1: ``base64url(AKI keyIdentifier).base64url(serial)``, without
    padding. The serial number is encoded as the content octets of its DER INTEGER: with a leading zero octet if its top
    bit is set.

    Args:
        authority_key_id: hexadecimal, as in ``CertificateFacts``; '' if the certificate has none
        serial_number: hexadecimal, perhaps with a minus sign

    Returns '' if there is no identifier.
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
# Responses, which are not trusted
#


def parse_directory(body: bytes) -> str:
    """Return the ``renewalInfo`` URL of an ACME directory (RFC 9773, section 3), or ''. Raises BadAnswer."""
    url = _object(body, 'The ACME directory').get('renewalInfo', '')
    if not url:
        return ''
    if not is_web_url(url):
        raise BadAnswer('The renewalInfo of the ACME directory is not an http(s) URL.')
    return url


def parse_renewal_info(body: bytes) -> Window:
    """Parse a ``RenewalInfo`` object (RFC 9773, section 4.2). Raises BadAnswer."""
    answer = _object(body, 'The response')
    window = answer.get('suggestedWindow')
    if not isinstance(window, dict):
        raise BadAnswer('The response has no suggestedWindow.')
    start, end = (_timestamp(window, name) for name in ('start', 'end'))
    # Other dates cannot be shown in every time zone.
    if start.year < 1970 or end.year > 9998:
        raise BadAnswer('The suggested window is centuries away.')
    if end <= start:
        raise BadAnswer('The suggested window ends before it starts, so it is ignored (RFC 9773, section 4.2).')
    url = answer.get('explanationURL', '')
    return Window(start, end, url if is_web_url(url) else '')


def _object(body: bytes, what: str) -> dict:
    try:
        answer = json.loads(body)
    # A number of 5,000 digits raises ValueError, a thousand brackets raise RecursionError.
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
    """Parse a time as in RFC 3339, into UTC. Raises ValueError, TypeError or OverflowError if it is invalid."""
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
    """Return whether a page may link to ``url``: http(s) with a host, printable, and not too long."""
    if not isinstance(url, str) or len(url) > MAX_URL or not url.isprintable() or ' ' in url:
        return False
    try:
        # Half of a surrogate pair cannot be stored.
        url.encode()
        parts = urlsplit(url)
        return parts.scheme in ('http', 'https') and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


#
# The time of the next request
#


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """
    Return how long to wait by a ``Retry-After`` header (RFC 9110, section 10.2.3: seconds or an HTTP date), from a
    minute to a day; None if it is missing or invalid.
    """
    value = (header or '').strip()
    if re.fullmatch(r'\d+', value, re.ASCII):
        # A number of any length; very large ones mean a day.
        wait = timedelta(seconds=int(value[:9])) if len(value) < 10 else LONGEST
    else:
        try:
            moment = parsedate_to_datetime(value)
            wait = moment.replace(tzinfo=moment.tzinfo or UTC) - now
        except (TypeError, ValueError, OverflowError, IndexError):
            return None
    return min(max(wait, SHORTEST), LONGEST)


def back_off(failures: int) -> timedelta:
    """Return the wait after temporary failures in a row: a minute, doubled each time, at most six hours; ± 10 %."""
    wait = min(FIRST_BACK_OFF * 2 ** min(max(failures - 1, 0), 16), LONG_TERM)
    # Requests that failed together are not repeated together.
    return wait * random.uniform(0.9, 1.1)  # noqa: S311
