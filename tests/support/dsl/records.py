"""Records of made-up trainings: noisy gradients that turn slowly, of very different sizes."""

import numpy as np

from lionhunt.dsl.behavior.record import Record

SHAPES = ((6, 5), (7,), (4, 3))


def make_record(seed: int, num_steps: int = 40) -> Record:
    """Return a record of random weights and gradients."""
    rng = np.random.default_rng(seed)
    size = sum(int(np.prod(shape)) for shape in SHAPES)
    scales = np.exp(rng.normal(-5.5, 1.5, size))
    trend = np.cumsum(rng.normal(size=(num_steps, size)), axis=0) / 4
    gradients = scales * (trend + rng.normal(size=(num_steps, size)))
    weights = np.cumsum(rng.normal(0, 0.01, (num_steps, size)), axis=0) + rng.normal(size=size)
    return Record(SHAPES, weights.astype(np.float32), gradients.astype(np.float32))
