"""Masked language modelling: the masked tokens, and the inputs of the model."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lionhunt.proxy_tasks import StdlibMLM
from lionhunt.proxy_tasks.data.bundled import VOCABULARY_SIZE
from lionhunt.proxy_tasks.models.language_model import MaskedLanguageModel
from lionhunt.proxy_tasks.tasks.stdlib_mlm import MASK, mask


@pytest.mark.parametrize("length, num_chosen", [(16, 2), (40, 6), (3, 1), (1, 1)])
def test_fifteen_percent_of_each_sequence_is_hidden_and_the_rest_is_as_it_was(
    length, num_chosen, rng, key
):
    tokens = jnp.asarray(rng.integers(0, VOCABULARY_SIZE, (50, length)), jnp.int32)
    masked, tokens = jax.device_get((mask(tokens, key), tokens))
    assert masked.places.shape == masked.targets.shape == (50, num_chosen)
    for row in range(50):
        places = masked.places[row]
        assert len(set(places.tolist())) == num_chosen
        assert np.array_equal(masked.targets[row], tokens[row, places])
        assert (masked.tokens[row, places] == MASK).all()
        rest = np.delete(np.arange(length), places)
        assert np.array_equal(masked.tokens[row, rest], tokens[row, rest])
    assert set(np.unique(masked.places)) == set(range(length))


def test_a_chosen_token_changes_the_target_alone(key):
    tokens = jnp.arange(16)[None]
    masked = mask(tokens, key)
    changed = mask(tokens.at[0, masked.places[0, 0]].set(60), key)
    assert np.array_equal(masked.tokens, changed.tokens)
    assert changed.targets[0, 0] == 60 != masked.targets[0, 0]


def test_both_sides_of_a_place_are_seen(key):
    model = MaskedLanguageModel(8, 8, 1, 2, key=key)
    tokens, places = jnp.arange(8), jnp.array([4])
    for place in (0, 7):
        assert not np.allclose(model(tokens, places), model(tokens.at[place].set(40), places))


def test_validation_is_the_same_for_every_task_and_is_all_hidden():
    task, again = (StdlibMLM(width=width, num_layers=1).build() for width in (4, 8))
    leaves = zip(task.data.validation, again.data.validation, strict=True)
    assert all(np.array_equal(a, b) for a, b in leaves)
    tokens, places, _ = task.data.validation
    assert (jnp.take_along_axis(tokens, places, -1) == MASK).all()
    assert (tokens == MASK).sum() == places.size


def test_a_window_is_a_part_of_the_text(key):
    task = StdlibMLM(batch_size=20, width=4, num_layers=1).build()
    tokens, places, targets = task.batch(task.data, key)
    whole = np.asarray(tokens.at[jnp.arange(20)[:, None], places].set(targets), np.uint8)
    text = np.asarray(task.data.train[0]).tobytes()
    assert whole.shape == (20, 16) and all(row.tobytes() in text for row in whole)
