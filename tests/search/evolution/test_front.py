"""The Pareto front of a history, against its definition."""

import random

import pytest

from lionhunt.search.evolution.front import Front, Point

INF = float("inf")


def front_of(history, count):
    """Return the front of the first individuals by its definition."""
    points = [(i, point) for i, point in enumerate(history[:count]) if point.rank > -INF]
    return {
        index
        for index, point in points
        if not any(
            other.covers(point) and (other != point or number < index)
            for number, other in points
            if number != index
        )
    }


def histories():
    """Yield histories of few ranks and costs, so that there are many ties."""
    for seed in range(8):
        rng = random.Random(seed)
        ranks = [-INF, 0.0, 1.0, 2.0, 3.0]
        yield [Point(rng.choice(ranks), (rng.randrange(4), rng.randrange(4))) for _ in range(60)]


@pytest.mark.parametrize("history", list(histories()))
def test_front_is_uncovered_and_complete_at_every_remembered_moment(history):
    front = Front(num_remembered=20)
    for index, point in enumerate(history):
        front.add(index, point)
        for count in range(max(0, index + 1 - 20), index + 2):
            members = front.at(count)
            assert set(members) == front_of(history, count)
            assert list(members) == sorted(members, key=lambda i: history[i].costs)


def test_front_without_axes_is_the_best():
    front = Front(num_remembered=1)
    assert front.at(0) == ()
    for index, rank in enumerate([-INF, 1.0, 3.0, 3.0, 2.0]):
        front.add(index, Point(rank))
    assert front.at(5) == (2,)
