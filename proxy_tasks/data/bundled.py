"""Real data on every machine: scikit-learn's digits and the source of the standard library.

Each loader returns plain NumPy arrays, the same on every call.
"""

import functools
import sysconfig
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import numpy as np

from lionhunt.proxy_tasks.data.dataset import DataError, Split

TRAIN_MODULES = (
    "argparse ast calendar configparser datetime difflib doctest inspect optparse pickletools "
    "pydoc smtplib socket subprocess tarfile tokenize typing"
).split()
VALIDATION_MODULES = "fractions locale mailbox nntplib platform statistics textwrap".split()
ALPHABET = "\n etsranoilfdc_pum.h)(,'\"g=:bywvx#-kETN0I1SAOR][PC>FD2*LjM/zU+%"
"""The most frequent characters of the text, in order of frequency."""
VOCABULARY_SIZE = len(ALPHABET) + 1
"""Number of tokens: the characters of `ALPHABET`, and one token for all others."""
NUM_CLASSES = 10
"""Number of digits."""


@functools.cache
def load_digits() -> Split:
    """Load handwritten digits: 1,197 images to train on, 600 to validate on.

    Returns:
        Images of shape (n, 8, 8), float32 in [0, 1], and labels of shape (n,), int32 in 0..9.
    """
    # To import scikit-learn for this file of its own takes most of a second.
    path = metadata.distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    rows = np.loadtxt(str(path), np.float64, delimiter=",")
    images, labels = rows[:, :-1], rows[:, -1]
    order = np.random.default_rng(0).permutation(len(labels))
    images = (images.reshape(-1, 8, 8) / 16).astype(np.float32)[order]
    labels = labels.astype(np.int32)[order]
    return Split((images[600:], labels[600:]), (images[:600], labels[:600]))


@functools.cache
def load_stdlib_text() -> Split:
    """Load the source of modules of Python's standard library, as characters.

    The training and validation modules differ. The text is that of the running Python, so it
    differs a little between versions.

    Returns:
        Tokens of shape (n,), uint8 below `VOCABULARY_SIZE`: about 1 M to train on.

    Raises:
        DataError: Python comes without its source.
    """
    return Split((_read_modules(TRAIN_MODULES),), (_read_modules(VALIDATION_MODULES),))


def _read_modules(names: Sequence[str]) -> np.ndarray:
    folder = Path(sysconfig.get_path("stdlib"))
    paths = [path for name in names if (path := folder / f"{name}.py").exists()]
    # One module may be missing: Python 3.13 removed nntplib.
    if len(paths) < len(names) - 1:
        raise DataError(
            f"the source of Python's standard library is not in {folder}; install it, "
            "or choose tasks without it"
        )
    tokens = np.full(0x110000, len(ALPHABET), np.uint8)
    tokens[[ord(character) for character in ALPHABET]] = np.arange(len(ALPHABET))
    text = "".join(path.read_text("utf-8") for path in paths)
    return tokens[np.frombuffer(text.encode("utf-32-le"), np.uint32)]
