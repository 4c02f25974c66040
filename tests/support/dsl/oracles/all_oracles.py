"""All oracles of the library: a program may have several."""

from tests.support.dsl.oracles.distance_oracles import DISTANCE
from tests.support.dsl.oracles.matrix_formulas import FORMULAS
from tests.support.dsl.oracles.matrix_oracles import MATRIX
from tests.support.dsl.oracles.momentum_oracles import MOMENTUM
from tests.support.dsl.oracles.numpy_oracles import NUMPY
from tests.support.dsl.oracles.optax_oracles import OPTAX
from tests.support.dsl.oracles.oracle import Oracle
from tests.support.dsl.oracles.torch_oracles import TORCH

ORACLES: tuple[tuple[str, Oracle], ...] = (
    *TORCH.items(),
    *OPTAX.items(),
    *NUMPY.items(),
    *DISTANCE.items(),
    *MOMENTUM.items(),
    *MATRIX.items(),
    *FORMULAS.items(),
)
"""Pairs of a program's name and an oracle; the first oracle of a program is that of its page."""
