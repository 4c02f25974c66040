"""Rows to train and to validate on: checked, numbered, split and scaled."""

from typing import Any, Literal, NamedTuple

import numpy as np

from lionhunt.proxy_tasks.data.array_files import Rows
from lionhunt.proxy_tasks.data.dataset import DataError, Split

Problem = Literal["classification", "regression"]
MIN_ROWS = 10
MAX_CLASSES = 10_000


class PreparedRows(NamedTuple):
    """Inputs and targets in two parts.

    Attributes:
        split: pairs of inputs, float32, and targets: int32 of shape (n,), or float32.
        problem: classification or regression.
        num_classes: number of labels; 0 in a regression.
    """

    split: Split
    problem: Problem
    num_classes: int


def prepare_rows(rows: Rows, problem: Problem | None, validation_share: float) -> PreparedRows:
    """Prepare rows for training.

    A fixed permutation decides which rows validate. Inputs get mean 0 and deviation 1, measured on
    the rows to train on. Columns are scaled each by itself, images and sequences as a whole. The
    targets of a regression are scaled too.

    Args:
        rows: of arrays.
        problem: None for classification where the targets are text, booleans or whole numbers.
        validation_share: of the rows.

    Raises:
        DataError: the arrays do not fit each other, or have gaps.
    """
    x, y = (np.asarray(part) for part in rows)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    _check(x, y)
    if problem is None:
        problem = "regression" if y.dtype.kind == "f" else "classification"
    num_classes = 0
    if problem == "classification":
        y, num_classes = _number(y)
    elif y.dtype.kind not in "biuf":
        raise DataError(f"the targets of a regression are numbers, not {y.dtype}")
    order = np.random.default_rng(0).permutation(len(x))
    num_validation = round(validation_share * len(x))
    if not 0 < num_validation < len(x):
        raise DataError(
            f"a share of {validation_share:g} of {len(x)} rows leaves none to train or validate on"
        )
    parts = order[num_validation:], order[:num_validation]
    inputs = _scaled(x.astype(np.float32), parts, columns=x.ndim == 2)
    if problem == "classification":
        targets = [y[part] for part in parts]
    else:
        targets = _scaled(y.astype(np.float32), parts, columns=True)
    train, validation = zip(inputs, targets, strict=True)
    return PreparedRows(Split(train, validation), problem, num_classes)


def _check(x: np.ndarray, y: np.ndarray) -> None:
    for name, array in (("x", x), ("y", y)):
        if array.ndim == 0:
            raise DataError(f"{name} must have a row for each example; its shape is ()")
    if x.dtype.kind not in "biuf":
        raise DataError(f"x must be numbers, not {x.dtype}")
    if len(x) != len(y):
        raise DataError(f"x has {len(x)} rows (shape={x.shape}), and y {len(y)} (shape={y.shape})")
    if len(x) < MIN_ROWS:
        raise DataError(f"{len(x)} rows are too few; give {MIN_ROWS} or more")
    for name, array in (("x", x), ("y", y)):
        if array.dtype.kind == "f" and not (finite := np.isfinite(array)).all():
            row = int(np.argwhere(~finite)[0][0])
            raise DataError(f"{name} is not finite in row {row}; fill or remove such rows")


def _number(y: np.ndarray) -> tuple[np.ndarray, int]:
    """Return labels as whole numbers from 0, in order, and their number."""
    if y.ndim != 1:
        raise DataError(f"the labels of a classification have shape=(rows,), not {y.shape}")
    if y.dtype.kind == "f" and (y != np.floor(y)).any():
        raise DataError("the labels of a classification are whole numbers or text, not fractions")
    labels, numbers = np.unique(y.astype(str) if y.dtype.kind == "O" else y, return_inverse=True)
    if not 2 <= len(labels) <= MAX_CLASSES:
        raise DataError(
            f"there are {len(labels)} different labels; a classification has 2 to "
            f"{MAX_CLASSES:,}, and numbers are a regression: say problem = 'regression'"
        )
    return numbers.astype(np.int32), len(labels)


def _scaled(values: np.ndarray, parts: Any, *, columns: bool) -> list[np.ndarray]:
    train = values[parts[0]]
    axis = 0 if columns else None
    mean, deviation = train.mean(axis), train.std(axis)
    scale = np.where(deviation > 0, deviation, 1).astype(np.float32)
    return [((values[part] - mean) / scale).astype(np.float32) for part in parts]
