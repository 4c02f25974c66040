"""A stage: the sweep of learning rates moves on from an edge, on one budget for all."""

import math

import pytest

from lionhunt import dsl
from lionhunt.dsl.program import Const
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.evaluation.seed_scores import SeedScores
from lionhunt.search.evolution.hyperparameters import untuned
from lionhunt.search.selection.config import TuningConfig
from lionhunt.search.selection.measurements import Scoreboard
from lionhunt.search.selection.result import StageOptimizer
from lionhunt.search.selection.stage import FunnelStage
from lionhunt.search.selection.store import SelectionStore
from tests.support.search.selections import exhausted

LION, SIGN = dsl.library.load("lion"), dsl.library.load("signsgd")


class RateBoard(Scoreboard):
    """Scores of programs by the peak of their step alone: a hill over its logarithm."""

    def __init__(self, peak):
        self._peak = peak

    def measure(self, programs, seeds):
        return iter(())

    def scores(self, program, seeds):
        # The library's two programs have no peak of their own.
        statements = [s for s in program.statements if s.target == program.schedule]
        tuned = statements[0].args[1] if statements else Const(1.0)
        assert isinstance(tuned, Const)
        if tuned.value > 100:
            return SeedScores((), Status.NOT_FINITE)
        score = -abs(math.log2(tuned.value) - math.log2(self._peak))
        return SeedScores((score,) * len(seeds), Status.OK)


class NoRecords(SelectionStore):
    """A store that forgets."""

    def __init__(self):
        pass

    def _insert(self, table, *values, conflict="ABORT"):
        pass

    def commit(self):
        pass


def tuned(peak, **tuning):
    """Return the entries of two optimizers; the second begins at 0.5."""
    config = TuningConfig(**{"num_variations": 0, **tuning})
    stage = FunnelStage("s", RateBoard(peak), NoRecords(), config, (1,), (2, 3), 0, "mean", 0)
    optimizers = [
        StageOptimizer("lion", LION, untuned(LION)),
        StageOptimizer("sign", SIGN, untuned(SIGN, 0.5)),
    ]
    return exhausted(stage.run(optimizers)).entries


@pytest.mark.parametrize("peak", [2.0**-7, 0.25, 1.0, 2.0, 64.0])
def test_the_sweep_finds_its_peak_beyond_any_edge_on_one_budget(peak):
    lion, sign = tuned(peak, num_extensions=9)
    for entry in (lion, sign):
        assert len(entry.trials) == 5 + 9
        assert entry.tuning.learning_rate == pytest.approx(peak, rel=1e-3) and not entry.is_at_edge
    rates = [trial.tuning.learning_rate for trial in lion.trials]
    assert rates[:5] == [1.0, 0.5, 2.0, 0.25, 4.0] and len(set(rates)) == 14
    assert [trial.tuning.learning_rate for trial in sign.trials[:5]] == [0.5, 0.25, 1.0, 0.125, 2.0]


def test_a_budget_that_ends_at_an_edge_is_told():
    lion, sign = tuned(16.0, num_extensions=1)
    # The second began lower.
    assert (lion.tuning.learning_rate, sign.tuning.learning_rate) == (8.0, 4.0)
    assert lion.is_at_edge and sign.is_at_edge
    lion, _ = tuned(16.0, num_extensions=0)
    assert lion.tuning.learning_rate == 4.0 and lion.is_at_edge and len(lion.trials) == 5


def test_an_inner_best_rate_is_refined_by_roots_of_the_factor():
    lion, _ = tuned(2.0**0.4, num_extensions=2)
    assert lion.tuning.learning_rate == 1.414
    assert {t.tuning.learning_rate for t in lion.trials[5:]} == {0.7071, 1.414}


def test_failed_rates_end_no_sweep_and_a_single_rate_has_no_edge():
    lion, _ = tuned(4000.0, num_extensions=9)
    assert len(lion.trials) == 14 and 50 < lion.tuning.learning_rate < 100
    lion, _ = tuned(4.0, learning_rates=(1.0,), num_extensions=0)
    assert len(lion.trials) == 1 and not lion.is_at_edge
    lion, _ = tuned(4.0, learning_rates=(1.0,), num_extensions=4)
    assert lion.tuning.learning_rate == 4.0


def test_rates_off_the_lattice_extend_too():
    lion, _ = tuned(9.0, learning_rates=(1.0, 0.3, 2.5), num_extensions=6)
    assert 5.0 < lion.tuning.learning_rate < 15.0 and not lion.is_at_edge
