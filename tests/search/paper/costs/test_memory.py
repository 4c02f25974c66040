"""Bytes of state against counts by hand."""

import jax
import numpy as np
import pytest

from lionhunt.dsl import library, parse
from lionhunt.search.paper.costs.memory import (
    OPTAX,
    KeptBy,
    count_program,
    measure_memory,
)

PARAMS = {"kernel": jax.ShapeDtypeStruct((6, 5), "float32"), "bias": np.zeros(7, np.float32)}
ROW = 4 * (6 * 5 + 7)
STEP_COUNT = 4


def test_bytes_are_those_counted_by_hand():
    kept = {(m.optimizer, m.kept_by): m.state_bytes for m in measure_memory(PARAMS)}
    assert kept["lion", KeptBy.OPTAX] == kept["lion", KeptBy.PROGRAM] == ROW + STEP_COUNT
    assert kept["adamw", KeptBy.OPTAX] == 2 * ROW + STEP_COUNT
    assert kept["adamw", KeptBy.PROGRAM] == 2 * ROW + 2 * 4 + STEP_COUNT
    # The machine has two rows and four numbers at least.
    for name in ("lion", "adamw"):
        assert kept[name, KeptBy.MACHINE] == 2 * ROW + 4 * 4 + STEP_COUNT
    assert kept["sgd", KeptBy.OPTAX] == 0


def test_lion_keeps_half_of_what_adamw_keeps():
    large = {"kernel": jax.ShapeDtypeStruct((1000, 1000), "float32")}
    memories = measure_memory(large)
    kept = {(m.optimizer, m.kept_by): m.state_bytes for m in memories}
    for kept_by, ratio in ((KeptBy.OPTAX, 0.5), (KeptBy.PROGRAM, 0.5), (KeptBy.MACHINE, 1.0)):
        assert kept["lion", kept_by] / kept["adamw", kept_by] == pytest.approx(ratio, abs=1e-5)
    assert memories[0].num_parameters == 1_000_000
    assert {m.bytes_per_parameter for m in memories if m.optimizer == "momentum"} >= {4.0}


def test_numbers_count_as_numbers():
    text = "def norms(w, g, s, n, lr): s = s + 1.0; n = norm(g) + n; return g * n * s, s, n"
    by_itself, _ = count_program("norms", parse(text), PARAMS)
    assert by_itself.state_bytes == STEP_COUNT + 4 + 2 * 4


def test_every_optimizer_has_a_program():
    assert set(OPTAX) <= set(library.names())
