"""The ring of the dashboard: one segment for each renewal status or validity that occurs."""

from dataclasses import dataclass

from utilities.choices import ChoiceSet

__all__ = ('Ring', 'Segment', 'ring')

# Lengths in hundredths of the circumference (pathLength in SVG)
ALL = 100
# The least length that can be seen and clicked
LEAST = 3
GAP = 0.6


@dataclass(frozen=True)
class Segment:
    value: str
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


def ring(counts: dict[str, int], choice_set: type[ChoiceSet]) -> Ring:
    """Return the ring for ``counts`` (choice → number of certificates), at least one of which is not 0."""
    choices = list(choice_set)
    total = sum(counts[value] for value, _label in choices)
    lengths = _lengths([counts[value] for value, _label in choices])
    segments, start = [], 0
    for (value, label), length in zip(choices, lengths, strict=True):
        gap = GAP if 0 < length < ALL else 0
        segments.append(
            Segment(
                value,
                label,
                choice_set.colors[value],
                counts[value],
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
