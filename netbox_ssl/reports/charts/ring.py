"""The ring of the dashboard: one segment for each renewal status that any certificate has."""

from dataclasses import dataclass

from netbox_ssl.choices import RenewalStatusChoices

__all__ = ('Ring', 'Segment', 'ring')

# All in hundredths of the circumference, which the drawing counts in (SVG's pathLength).
ALL = 100
# Less could be neither seen nor pointed at.
LEAST = 3
GAP = 0.6


@dataclass(frozen=True)
class Segment:
    status: str
    label: str
    color: str
    count: int
    length: str = ''
    """What is drawn of it; empty if there is nothing to draw."""
    start: str = ''


@dataclass(frozen=True)
class Ring:
    segments: list[Segment]
    total: int


def ring(counts: dict[str, int]) -> Ring:
    """``counts``: renewal status → number of certificates, of which one at least is not 0."""
    choices = list(RenewalStatusChoices)
    total = sum(counts[status] for status, _label in choices)
    lengths = _lengths([counts[status] for status, _label in choices])
    segments, start = [], 0
    for (status, label), length in zip(choices, lengths, strict=True):
        gap = GAP if 0 < length < ALL else 0
        segments.append(
            Segment(
                status,
                label,
                RenewalStatusChoices.colors[status],
                counts[status],
                # Formatted here: a template would write a decimal comma in some languages.
                length=f'{length - gap:.2f}' if length else '',
                start=f'{-start:.2f}',
            )
        )
        start += length
    return Ring(segments, total)


def _lengths(counts: list[int]) -> list[float]:
    """In proportion, but each that is not 0 as long as can be seen; together they are ``ALL``."""
    total = sum(counts)
    shares = [ALL * count / total for count in counts]
    small = [0 < share < LEAST for share in shares]
    large = sum(share for share, is_small in zip(shares, small, strict=True) if not is_small)
    left = ALL - LEAST * sum(small)
    return [LEAST if is_small else share * left / large for share, is_small in zip(shares, small, strict=True)]
