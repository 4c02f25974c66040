"""The Pareto front of a history, against its definition."""

import random

import pytest

from lionhunt.search.evolution.front import Front, Point, uncovered

INF = float("inf")


def front_of(history, count):
    """Return the front of the first individuals by its definition."""
    latest: dict[str, tuple[int, Point]] = {}
    for index, (name, point) in enumerate(history[:count]):
        if name not in latest or latest[name][1] != point:
            latest[name] = index, point
    points = [(index, point) for index, point in latest.values() if point.rank > -INF]
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
    """Yield histories of programs with few ranks and costs, so that there are many ties."""
    for seed in range(8):
        rng = random.Random(seed)
        costs = {name: (rng.randrange(3), rng.randrange(3)) for name in "abcdefghijklmnop"}
        yield [
            (name, Point(rng.choice([-INF, 0.0, 1.0, 2.0, 3.0]), costs[name]))
            for name in rng.choices(list(costs), k=60)
        ]


@pytest.mark.parametrize("history", list(histories()))
def test_front_is_uncovered_and_complete_at_every_remembered_moment(history):
    front = Front(num_remembered=20)
    for index, (name, point) in enumerate(history):
        front.add(index, name, point)
        for count in range(max(0, index + 1 - 20), index + 2):
            members = front.at(count)
            assert set(members) == front_of(history, count)
            assert list(members) == sorted(members, key=lambda i: history[i][1].costs)


def test_front_without_axes_is_the_best():
    front = Front(num_remembered=1)
    assert front.at(0) == ()
    for index, rank in enumerate([-INF, 1.0, 3.0, 3.0, 2.0]):
        front.add(index, str(index), Point(rank))
    assert front.at(5) == (2,)
    # The best program falls.
    front.add(5, "2", Point(0.0))
    assert front.at(6) == (3,)


def test_uncovered_keeps_the_oldest_of_equals():
    points = {4: Point(1.0, (2,)), 7: Point(1.0, (2,)), 9: Point(0.0, (1,)), 3: Point(0.5, (3,))}
    assert uncovered(points.items()) == [4, 9]
