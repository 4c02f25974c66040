"""Curves of a run against a plain loop over its individuals."""

import math

import numpy as np
import pytest

from lionhunt.search.paper.replication.curves import NUM_POINTS, read_curve, spread
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.runs import FormulaPool, advance, create


@pytest.mark.parametrize("num_programs", [40, 250])
def test_curves_equal_counts_of_a_loop_over_the_history(num_programs, tmp_path):
    with create(tmp_path, num_programs=num_programs) as records:
        advance(records, FormulaPool())
    with RunStore.open_to_read(tmp_path) as records:
        rows = list(records.rows())
        curve = read_curve(records)
    parts = [[] for _ in range(NUM_POINTS)]
    for row in rows:
        parts[row.individual.index * NUM_POINTS // num_programs].append(row)
    best, fingerprints = -math.inf, set()
    for number, part in enumerate(parts):
        children = [row for row in part if row.individual.index >= 10]
        hits = 0
        for row in part:
            hits += row in children and row.fingerprint in fingerprints
            fingerprints.add(row.fingerprint)
            best = max(best, row.fitness_or_neg_inf)
        statements = sum(row.num_statements for row in part)
        redundant = statements - sum(row.num_needed for row in part)
        expected = (
            best,
            hits / len(children) if children else math.nan,
            redundant / statements if part else math.nan,
        )
        point = [values[number] for values in curve]
        assert point == pytest.approx(expected, nan_ok=True)
    assert curve.best_fitness[-1] == max(row.fitness_or_neg_inf for row in rows)


def test_mean_and_standard_error_ignore_missing_values(rng):
    curves = rng.normal(size=(5, 30))
    mean, error = spread(list(curves))
    np.testing.assert_allclose(mean, curves.mean(axis=0))
    np.testing.assert_allclose(error, curves.std(axis=0, ddof=1) / math.sqrt(5))
    curves[2, 7] = math.nan
    mean, error = spread(list(curves))
    four = np.delete(curves[:, 7], 2)
    assert mean[7] == pytest.approx(four.mean())
    assert error[7] == pytest.approx(four.std(ddof=1) / 2)
    alone = spread([curves[2]])
    np.testing.assert_array_equal(alone.mean, curves[2])
    assert np.isnan(alone.error).all()
