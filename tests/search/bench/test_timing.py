"""Interleaved timing: order of turns, rounds and clock."""

from lionhunt.search.bench.timing import time_interleaved


def test_first_run_rotates_from_round_to_round():
    order = []
    runs = {name: lambda name=name: order.append(name) for name in "ab"}
    ticks = iter(range(100))
    seconds = time_interleaved(runs, num_rounds=3, clock=lambda: next(ticks))
    assert "".join(order) == "abbaab"
    assert seconds == {"a": [1, 1, 1], "b": [1, 1, 1]}
    assert (
        len(time_interleaved(runs, num_rounds=1, total_seconds=5, clock=lambda: next(ticks))["a"])
        == 3
    )
