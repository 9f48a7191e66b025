"""The ring of the dashboard: one segment for each renewal status that occurs."""

from dataclasses import dataclass

from netbox_ssl.choices import RenewalStatusChoices

__all__ = ('Ring', 'Segment', 'ring')

# Lengths in hundredths of the circumference (pathLength in SVG)
ALL = 100
# The least length that can be seen and clicked
LEAST = 3
GAP = 0.6


@dataclass(frozen=True)
class Segment:
    status: str
    label: str
    color: str
    count: int
    # Empty if there is nothing to draw
    length: str = ''
    start: str = ''


@dataclass(frozen=True)
class Ring:
    segments: list[Segment]
    total: int


def ring(counts: dict[str, int]) -> Ring:
    """Return the ring for ``counts`` (renewal status → number of certificates), at least one of which is not 0."""
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
                # Formatted here because templates would write a decimal comma in some languages.
                length=f'{length - gap:.2f}' if length else '',
                start=f'{-start:.2f}',
            )
        )
        start += length
    return Ring(segments, total)


def _lengths(counts: list[int]) -> list[float]:
    """Return proportional lengths that add up to ``ALL``; those that are not 0 are long enough to be seen."""
    total = sum(counts)
    shares = [ALL * count / total for count in counts]
    small = [0 < share < LEAST for share in shares]
    large = sum(share for share, is_small in zip(shares, small, strict=True) if not is_small)
    left = ALL - LEAST * sum(small)
    return [LEAST if is_small else share * left / large for share, is_small in zip(shares, small, strict=True)]
