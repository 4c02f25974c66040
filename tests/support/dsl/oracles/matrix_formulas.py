"""Muon and its kin in NumPy, for stacks of matrices and for constants that packages lack."""

import numpy as np

from tests.support.dsl.oracles.numpy_oracles import from_papers
from tests.support.dsl.oracles.oracle import NumpyOracle


def newton_schulz(x, a, b, c, epsilon, number=5):
    """Return the matrices of an array after Newton-Schulz steps; a vector is one column."""
    shape = x.shape
    x = x / max(np.sqrt(np.sum(x**2)), epsilon)
    x = x if x.ndim > 1 else x.reshape(-1, 1)
    for _ in range(number):
        gram = x @ np.swapaxes(x, -1, -2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.reshape(shape)


def sides(x):
    """Return the numbers of rows and of columns; a vector is one column."""
    return x.shape[-2:] if x.ndim > 1 else (x.size, 1)


def tall(x):
    """Return the scale of Muon."""
    rows, columns = sides(x)
    return np.sqrt(max(1, rows / columns))


def averages(steps, decay, nesterov):
    """Yield the weights and the momentum of each step, or the momentum ahead of it."""
    m = 0.0
    for w, g, _ in steps:
        m = decay * m + (1 - decay) * g
        yield w, decay * m + (1 - decay) * g if nesterov else m


def muon_cubic(steps, momentum, b, epsilon):
    """Yield the directions of Muon with ten cubic steps."""
    for _, m in averages(steps, momentum, nesterov=True):
        yield tall(m) * newton_schulz(m, 1 - b, b, 0.0, epsilon, number=10)


def muon_moonlight(steps, momentum, a, b, c, epsilon, rms, weight_decay):
    """Yield the directions of Muon in Moonlight (Liu et al., 2025)."""
    for w, m in averages(steps, momentum, nesterov=True):
        x = newton_schulz(m, a, b, c, epsilon)
        yield rms * np.sqrt(max(sides(m))) * x + weight_decay * w


def normuon(steps, momentum, a, b, c, epsilon1, epsilon2):
    """Yield the directions of NorMuon (Li et al., 2025)."""
    v = 0.0
    for _, m in averages(steps, momentum, nesterov=True):
        x = newton_schulz(m, a, b, c, epsilon1)
        axes = x.reshape(*x.shape, 1) if x.ndim < 2 else x
        v = momentum * v + (1 - momentum) * np.mean(axes**2, -1, keepdims=True)
        y = (axes / (np.sqrt(v) + epsilon2)).reshape(x.shape)
        yield tall(m) * y * np.linalg.norm(x) / (np.linalg.norm(y) + epsilon2)


def adamuon(steps, momentum, beta2, a, b, c, epsilon1, epsilon2, rms, weight_decay):
    """Yield the directions of AdaMuon (Si et al., 2025)."""
    v = 0.0
    for t, (w, m) in enumerate(averages(steps, momentum, nesterov=False), 1):
        x = newton_schulz(m, a, b, c, epsilon1)
        v = beta2 * v + (1 - beta2) * x**2
        x = x / (np.sqrt(v / (1 - beta2**t)) + epsilon2)
        yield rms * np.sqrt(x.size) * x / (np.linalg.norm(x) + epsilon2) + weight_decay * w


def scion(steps, momentum, a, b, c, epsilon, radius):
    """Yield the directions of Scion (Pethick et al., 2025)."""
    for w, m in averages(steps, 1 - momentum, nesterov=False):
        rows, columns = sides(m)
        yield w + radius * np.sqrt(rows / columns) * newton_schulz(m, a, b, c, epsilon)


def scion_unconstrained(steps, momentum, a, b, c, epsilon, radius):
    """Yield the directions of unconstrained Scion (Pethick et al., 2025)."""
    for _, m in averages(steps, 1 - momentum, nesterov=False):
        rows, columns = sides(m)
        yield radius * np.sqrt(rows / columns) * newton_schulz(m, a, b, c, epsilon)


FORMULAS = from_papers(muon_cubic, muon_moonlight, normuon, scion, scion_unconstrained) | {
    # At first, its second moment divides numbers by themselves, however small and rounded.
    "adamuon": NumpyOracle("NumPy", adamuon, rtol=6e-6),
}
