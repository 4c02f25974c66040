"""Tasks from arrays and files: what they learn, how rows are split, and what does not fit."""

# pyright: reportArgumentType=false

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt.errors import LionhuntError
from lionhunt.proxy_tasks import train
from lionhunt.proxy_tasks.array_options import Arrays
from lionhunt.proxy_tasks.data.array_files import Rows, load_rows
from lionhunt.proxy_tasks.data.prepared_rows import prepare_rows
from lionhunt.proxy_tasks.from_arrays import from_arrays

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4))
Y = 3 * X[:, 0] - X[:, 1] + 7
IMAGES = RNG.normal(size=(60, 6, 6))
SMALL = {"width": 4, "depth": 1, "num_steps": 40, "batch_size": 16}


def trained(task):
    """Return the score of AdamW, and that of the model before its first step."""

    @jax.jit
    def run(key, data):
        current = dataclasses.replace(task, data=data)
        before = task.score(task.init(data, key), data)
        return train(current, optax.adamw(0.03), key).score, before

    return map(float, run(jax.random.key(0), task.data))


@pytest.mark.parametrize("model", ["linear", "mlp"])
def test_regressions_are_learned(model):
    task = from_arrays(X, Y, model=model, **SMALL | {"num_steps": 100})
    score, before = trained(task)
    assert score < 0.2 * before and score < 0.5
    assert task.metric == "squared error (of the variance)" and not task.higher_is_better


def test_classifications_are_learned():
    labels = np.where(Y > 7, "high", "low")
    task = from_arrays(X, labels, metric="accuracy", **SMALL | {"num_steps": 100})
    score, _ = trained(task)
    assert score > 0.85 and task.higher_is_better and task.metric == "accuracy"


@pytest.mark.parametrize("model", ["linear", "mlp", "conv", "gru"])
@pytest.mark.parametrize("targets", [IMAGES[:, 0, 0], IMAGES[:, 0, :2], IMAGES[:, 0, 0] > 0])
def test_every_model_takes_every_target(model, targets):
    task = from_arrays(IMAGES, targets, model=model, **SMALL)
    shapes = jax.eval_shape(lambda data: train(task, optax.sgd(0.1), jax.random.key(0)), task.data)
    assert shapes.score.shape == () and task.num_parameters > 0


def test_models_and_losses_of_the_user():
    def init(key):
        return {"w": jax.random.normal(key, (4,)), "b": jnp.zeros(())}

    def apply(params, x):
        return x @ params["w"] + params["b"]

    def huber(outputs, targets):
        return optax.huber_loss(outputs, targets).mean()

    task = from_arrays(X, Y, model=(init, apply), loss=huber, **SMALL | {"num_steps": 100})
    score, before = trained(task)
    assert score < 0.5 * before and task.metric == "loss" and task.digest == ""
    modules = from_arrays(X, Y, model=lambda key: eqx.nn.Linear(4, 1, key=key), **SMALL)
    assert modules.num_parameters == 5


def test_rows_are_split_once_and_scaled_by_those_to_train_on():
    examples = prepare_rows(Rows(X, Y), None, 0.25)
    (x, y), (held_x, held_y) = examples.split
    assert len(x) == 150 and len(held_x) == 50 and x.dtype == y.dtype == np.float32
    assert np.allclose(x.mean(0), 0, atol=1e-5) and np.allclose(x.std(0), 1, atol=1e-4)
    assert abs(y.mean()) < 1e-5 and abs(y.std() - 1) < 1e-4
    # Every row is in one part, as it was but for its scale.
    whole = np.concatenate([y, held_y]) * Y[np.random.default_rng(0).permutation(200)[50:]].std()
    assert np.allclose(np.sort(whole) - whole.min(), np.sort(Y) - Y.min(), atol=1e-4)
    again = prepare_rows(Rows(X, Y), None, 0.25)
    assert all(np.array_equal(a, b) for a, b in zip(again.split[1], (held_x, held_y), strict=True))


def test_constant_columns_and_whole_images_keep_their_shape():
    flat = X.copy()
    flat[:, 2] = 5
    (x, _), _ = prepare_rows(Rows(flat, Y), None, 0.2).split
    assert (x[:, 2] == 0).all()
    (images, _), _ = prepare_rows(Rows(IMAGES * 100, IMAGES[:, 0, 0]), None, 0.2).split
    assert images.shape[1:] == (6, 6) and abs(images.std() - 1) < 1e-3


def test_the_same_rows_in_every_format(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [[1.5, 2, "a"], [3, 4.25, "b"], [-1e3, 0, "a"]]
    names = ("one", "two", "kind")
    csv = "\n".join(",".join(map(str, row)) for row in (names, *rows))
    (tmp_path / "t.csv").write_text("\ufeff" + csv + "\n\n", "utf-8")
    x, y = np.array([row[:2] for row in rows], float), np.array([row[2] for row in rows])
    np.savez(tmp_path / "t.npz", x=x, y=y)
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    columns["one"] = [float(value) for value in columns["one"]]
    columns["two"] = [float(value) for value in columns["two"]]
    parquet.write_table(pyarrow.table(columns), tmp_path / "t.parquet")
    for suffix in ("csv", "npz", "parquet"):
        loaded = load_rows(tmp_path / f"t.{suffix}")
        assert np.allclose(loaded.x, x) and list(loaded.y) == list(y), suffix
    assert load_rows(tmp_path / "t.csv", "kind").x.shape == (3, 2)


def test_options_of_a_config_build_the_same_task(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    built = Arrays(path=str(tmp_path / "a.npz"), **SMALL).build()
    assert built.digest == from_arrays(X, Y, **SMALL).digest and built.digest
    with pytest.raises(ValueError, match=r"width \(0\) must be positive"):
        Arrays(path="a.npz", width=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        Arrays(path="a.npz", validation_share=1.0)


GAPS = X.copy()
GAPS[7, 1] = np.nan


@pytest.mark.parametrize(
    "arguments, said",
    [
        ((X, Y[:5]), r"x has 200 rows \(shape=\(200, 4\)\), and y 5 \(shape=\(5,\)\)"),
        ((X[:5], Y[:5]), "5 rows are too few"),
        ((GAPS, Y), "x is not finite in row 7"),
        ((X, np.zeros(200, int)), "there are 1 different labels"),
        ((X, None), "y must be an array"),
        ((X.astype(str), Y), "x must be numbers, not <U"),
        ((np.float32(3), Y), r"x must have a row for each example; its shape is \(\)"),
        ((X, Y, {"model": "big"}), "there is no model 'big'; there are linear, mlp, conv, gru"),
        ((X, Y, {"model": "conv"}), r"model 'conv' takes images .* not \(4,\)"),
        ((X, Y, {"model": 3}), "model must be a name, a pair of functions"),
        ((X, Y, {"metric": "accuracy"}), "metric 'accuracy' is of classifications"),
        ((X, Y, {"problem": "classification"}), "whole numbers or text, not fractions"),
        ((X, np.full(200, "a"), {"problem": "regression"}), "targets of a regression are numbers"),
        ((X, Y, {"validation_share": 0.001}), "leaves none to train or validate on"),
        (
            (X, Y, {"model": (lambda key: key, lambda params, x: x)}),
            r"returns \(4,\) for an example of shape=\(4,\); expected shape=\(\)",
        ),
        (
            (X, Y, {"model": lambda key: eqx.nn.Linear(9, 1, key=key)}),
            "model raised TypeError: dot_general",
        ),
        (("nowhere.csv",), "there is no file nowhere.csv"),
        (("nowhere.txt",), "must be one of .npz, .csv, .parquet"),
    ],
)
def test_arrays_that_do_not_fit_are_one_line(arguments, said):
    *arrays, options = arguments if isinstance(arguments[-1], dict) else (*arguments, {})
    with pytest.raises(LionhuntError, match=said) as caught:
        from_arrays(*arrays, **SMALL | options)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "is empty"),
        ("a,b\n1,2,3\n", "row 2 of .* has 3 cells, and the first line 2"),
        ("a,b\nred,2\n", "the column 'a' of .* has text or gaps"),
        ("a,b\n,2\n", "the column 'a' of .* has text or gaps"),
        ("a\n1\n", "needs a column of targets"),
    ],
)
def test_faults_of_csv_files_are_one_line(tmp_path, text, said):
    file = tmp_path / "t.csv"
    file.write_text(text)
    with pytest.raises(LionhuntError, match=said):
        load_rows(file)
    file.write_text("a,b\n1,2\n")
    with pytest.raises(LionhuntError, match="no column 'c'; it has a, b"):
        load_rows(file, "c")
    (tmp_path / "t.npz").write_bytes(b"no archive")
    with pytest.raises(LionhuntError, match="cannot be read"):
        load_rows(tmp_path / "t.npz")
    np.savez(tmp_path / "u.npz", x=X)
    with pytest.raises(LionhuntError, match="has no array 'y'; it has x"):
        load_rows(tmp_path / "u.npz")
