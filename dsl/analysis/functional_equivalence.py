"""The functional fingerprint: a name of what a program does on a small fixed probe.

It finds equal programs that are written too differently for the fingerprint. The probe runs a few
steps in NumPy and float64. It has arrays of odd shapes, gradients of several scales, and a falling
schedule. The low bits of the updates are cut. Programs that are equal in real numbers, such as
`m / sqrt(m * m)` and `sign(m)`, therefore mostly agree. NaN and the infinities stay apart.

Unlike the fingerprint it can err: two programs may agree on the probe and train differently
(results/LOG.md has the frequency).

Source: the functional equivalence cache of Real et al., 2020 (arXiv:2003.03384), section 3.2.
"""

import hashlib

import numpy as np

from lionhunt.dsl.analysis.canonical import Canonical
from lionhunt.dsl.analysis.numeric_probe import NUM_PARAMETERS, probe

NUM_STEPS = 4
"""Steps of the probe; it does not see a difference that appears later."""

KEPT_BITS = 16
"""Bits of the mantissa that count; the probe does not see relative differences below 2**-16.

Fewer bits merge more programs that train differently. More bits merge fewer programs that train
the same.
"""

SCHEDULE = np.array([1.0, 0.75, 0.5, 0.25])
SCALES = np.array([[30.0], [1.0], [3e-2], [1e-3]])
"""The probe: schedule values, and scales of the gradients.

Every scale is a probe of its own.
"""


def _draw_probe() -> tuple[np.ndarray, np.ndarray]:
    """Draw weights and gradients of each step; shape (steps, scales, parameters) each."""
    shape = (NUM_STEPS, len(SCALES), NUM_PARAMETERS)
    rng = np.random.Generator(np.random.PCG64(20230213))
    weights = rng.standard_normal(shape)
    gradients = SCALES * rng.standard_normal(shape)
    # Some parameters begin at zero, as biases do. One gets no gradient in one step, one in none.
    weights[0, :, [1, 4]] = 0.0
    gradients[1, :, 2] = 0.0
    gradients[:, :, -1] = 0.0
    return weights, gradients


WEIGHTS, GRADIENTS = _draw_probe()


def functional_fingerprint(canonical: Canonical) -> str:
    """Return 32 hexadecimal digits, equal for canonical forms of equal updates on the probe."""
    return name_of_updates(updates_on_probe(canonical))


def name_of_updates(updates: np.ndarray, kept_bits: int = KEPT_BITS) -> str:
    """Return the functional fingerprint of a program with these updates on the probe."""
    return hashlib.blake2b(_cut(updates, kept_bits).tobytes(), digest_size=16).hexdigest()


def updates_on_probe(canonical: Canonical) -> np.ndarray:
    """Return the updates of each step, in float64; shape (steps, scales, parameters)."""
    return probe(canonical, WEIGHTS, GRADIENTS, SCHEDULE)


def _cut(values: np.ndarray, kept_bits: int) -> np.ndarray:
    """Round to float32 and cut the low bits; there is one NaN and one zero."""
    with np.errstate(over="ignore"):
        values = values.astype(np.float32).astype(np.float64)
    values[np.abs(values) < np.finfo(np.float32).tiny] = 0.0
    values[np.isnan(values)] = np.nan
    mantissas, exponents = np.frexp(values)
    return np.ldexp(np.rint(mantissas * 2.0**kept_bits), exponents - kept_bits)
