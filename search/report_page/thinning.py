"""Thinning of a long history for a picture: few points, and no extreme is lost."""

from collections.abc import Iterable, Sequence

NUM_BINS = 200
"""Equal parts of the history; each keeps its highest and its lowest point."""
NUM_EVEN = 600
"""Points at equal distances, which show how many there are between the extremes."""
MAX_RECORDS = 1_000
"""Running maxima that are all kept; of more, the highest of every part are."""


def running_maxima(values: Sequence[float | None]) -> list[int]:
    """Return the places of the values that are above all before them."""
    places, highest = [], float("-inf")
    for place, value in enumerate(values):
        if value is not None and value > highest:
            highest = value
            places.append(place)
    return places


def thin(
    values: Sequence[float | None],
    always: Iterable[int] = (),
    num_bins: int = NUM_BINS,
    num_even: int = NUM_EVEN,
) -> list[int]:
    """Return the places of the values to show, in order.

    Args:
        values: None has no place in a picture.
        always: places that are shown if they have a value.
        num_bins: equal parts, of which each shows its first highest and its first lowest value.
        num_even: values at equal distances that are shown besides.
    """
    kept = {place for place in always if values[place] is not None}
    if len(maxima := running_maxima(values)) <= MAX_RECORDS:
        kept.update(maxima)
    present = [place for place, value in enumerate(values) if value is not None]
    kept.update(present[:: max(1, -(-len(present) // max(1, num_even)))])
    for part in _parts(present, len(values), num_bins):
        kept.add(max(part, key=lambda place: (values[place], -place)))
        kept.add(min(part, key=lambda place: (values[place], place)))
    return sorted(kept)


def _parts(present: Sequence[int], count: int, num_bins: int) -> Iterable[list[int]]:
    parts: dict[int, list[int]] = {}
    for place in present:
        parts.setdefault(place * num_bins // count, []).append(place)
    return parts.values()
