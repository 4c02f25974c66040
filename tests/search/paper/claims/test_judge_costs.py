"""Verdicts on memory and speed."""

import pytest

from lionhunt.search.paper.claims.claim import ClaimNumber, Verdict
from lionhunt.search.paper.claims.judge_costs import judge_memory, judge_speed
from lionhunt.search.paper.costs.memory import KeptBy, StateMemory, measure_memory
from lionhunt.search.paper.costs.speed import LeftOut, Speed, Speeds
from lionhunt.search.statistics import Interval


@pytest.mark.parametrize(
    "lion, verdict",
    [(4, Verdict.SEEN), (2, Verdict.SEEN), (6, Verdict.NOT_SEEN), (9, Verdict.REVERSED)],
)
def test_memory(lion, verdict):
    memories = [
        StateMemory(name, by, 1000, 1000 * per_parameter, per_parameter)
        for by, kept in ((KeptBy.OPTAX, (lion, 8)), (KeptBy.PROGRAM, (4, 16)))
        for name, per_parameter in zip(("lion", "adamw"), kept, strict=True)
    ]
    finding = judge_memory(memories)
    assert finding.verdict is verdict
    assert finding.rows[0].numbers[-1] == ClaimNumber("ratio, kept by program", 0.25)


def test_lion_of_optax_keeps_half():
    assert judge_memory(measure_memory()).verdict is Verdict.SEEN


@pytest.mark.parametrize(
    "ratio, verdict",
    [
        (Interval(1.1, 1.05, 1.15), Verdict.SEEN),
        (Interval(1.1, 0.9, 1.3), Verdict.NOT_SEEN),
        (Interval(0.9, 0.8, 0.99), Verdict.REVERSED),
    ],
)
def test_speed_is_judged_by_optax_alone(ratio, verdict):
    programs = Interval(2.0, 1.9, 2.1)
    speeds = [
        Speed("digits_vit", by, 1000, 110.0, 100.0, 0, 0, interval, 5, "wall time")
        for by, interval in (("program", programs), ("optax", ratio))
    ]
    finding = judge_speed(Speeds(speeds, [LeftOut(10, "no room")]))
    assert (finding.verdict, len(finding.rows)) == (verdict, 2)
    assert f"{ratio.mean - 1:+.1%}" in finding.sentence
    assert finding.rows[0].numbers[-1].value == 2.0
    assert finding.rows[1].verdict is Verdict.NOT_MEASURED and finding.rows[1].note == "no room"
