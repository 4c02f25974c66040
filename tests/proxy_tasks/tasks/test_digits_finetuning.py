"""Fine-tuning: its initial parameters, its data, and the benefit of pretraining."""

from dataclasses import replace

import jax
import numpy as np
import optax
import pytest

from lionhunt.proxy_tasks import DataError, DigitsFinetuning, train
from lionhunt.proxy_tasks.data.bundled import load_digits
from lionhunt.proxy_tasks.models.convnet import ConvNet
from lionhunt.proxy_tasks.tasks.digits_finetuning import choose_digits, pretrain
from tests.support.compiling import compile_quickly

OPTIONS = DigitsFinetuning(num_steps=40)


@pytest.fixture(scope="module")
def task():
    return OPTIONS.build()


def equal(a, b) -> bool:
    leaves = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(np.array_equal(x, y) for x, y in leaves)


def test_pretraining_gives_the_same_bits_every_time(task):
    pretrain.cache_clear()
    assert equal(OPTIONS.build().data.pretrained, task.data.pretrained)


def test_a_key_changes_the_head_alone(task, key):
    params, other = (task.init(task.data, k) for k in (key, jax.random.key(1)))
    assert equal(params.convolutions, task.data.pretrained)
    assert equal(params.convolutions, other.convolutions)
    assert not np.array_equal(params.head.weight, other.head.weight)


def test_new_digits_are_those_that_pretraining_has_not_seen():
    old, new = choose_digits(range(5)), choose_digits(range(5, 10))
    for before, after, (images, labels) in zip(old, new, load_digits(), strict=True):
        assert len(before[1]) + len(after[1]) == len(labels)
        assert set(before[1]) == set(after[1]) == set(range(5))
        place = np.flatnonzero(labels >= 5)[3]
        assert np.array_equal(after[0][3], images[place]) and after[1][3] == labels[place] - 5


def test_pretraining_helps(task, key):
    run = compile_quickly(lambda data: train(replace(task, data=data), optax.adam(3e-3), key))
    fresh = ConvNet(OPTIONS.width, 5, key=key).convolutions
    learned, scratch = run(task.data), run(task.data._replace(pretrained=fresh))
    assert learned.score > scratch.score and learned.curve[-1] < 0.8 * scratch.curve[-1]


def test_digest_names_the_options_of_fine_tuning(task):
    others = replace(OPTIONS, num_examples=7), replace(OPTIONS, pretraining_steps=7)
    assert len({task.digest, *(other.build().digest for other in others)}) == 3


def test_more_examples_than_there_are_is_refused():
    with pytest.raises(DataError, match=r"num_examples \(2000\) must be \d+ at most"):
        DigitsFinetuning(num_examples=2000).build()
