"""Optimizers from their papers, in NumPy: generators of directions."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.support.dsl.oracles.oracle import NumpyOracle


def qhm(steps, nu, beta):
    """Yield the directions of QHM or QHAdam (Ma and Yarats, 2018)."""
    buffer = 0.0
    for _, g, _ in steps:
        buffer = beta * buffer + (1 - beta) * g
        yield (1 - nu) * g + nu * buffer


def qhadam(steps, nu1, nu2, beta1, beta2, epsilon):
    """Yield the directions of QHM or QHAdam (Ma and Yarats, 2018)."""
    m, s = 0.0, 0.0
    for t, (_, g, _) in enumerate(steps, 1):
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g**2
        m_hat, s_hat = m / (1 - beta1**t), s / (1 - beta2**t)
        numerator = (1 - nu1) * g + nu1 * m_hat
        yield numerator / (np.sqrt((1 - nu2) * g**2 + nu2 * s_hat) + epsilon)


def aggmo(steps, beta2, beta3, num_momenta):
    """Yield the directions of AggMo (Lucas et al., 2018), whose velocities point downhill."""
    betas, velocities = (0.0, beta2, beta3), (0.0, 0.0, 0.0)
    for _, g, _ in steps:
        velocities = [beta * v - g for beta, v in zip(betas, velocities, strict=True)]
        yield -sum(velocities) / num_momenta


def powersign(steps, beta):
    """Yield the directions of PowerSign with alpha = e (Bello et al., 2017)."""
    m = 0.0
    for _, g, _ in steps:
        m = beta * m + (1 - beta) * g
        yield np.e ** (np.sign(g) * np.sign(m)) * g


def addsign(steps, beta):
    """Yield the directions of AddSign with alpha = 1 (Bello et al., 2017)."""
    m = 0.0
    for _, g, _ in steps:
        m = beta * m + (1 - beta) * g
        yield (1 + np.sign(g) * np.sign(m)) * g


def sdprop(steps, gamma, epsilon):
    """Yield the directions of SDProp (Ida et al., 2017)."""
    mu, c = 0.0, 0.0
    for _, g, _ in steps:
        c = gamma * c + gamma * (1 - gamma) * (g - mu) ** 2
        mu = gamma * mu + (1 - gamma) * g
        yield g / (np.sqrt(c) + epsilon)


def muon(steps, momentum, a, b, c):
    """Yield the directions of Muon (Jordan et al., 2024), of each matrix of an array."""
    m = 0.0
    for _, g, _ in steps:
        m = momentum * m + (1 - momentum) * g
        x = momentum * m + (1 - momentum) * g
        x = x / (np.sqrt(np.sum(x**2)) + 1e-8)
        x = x if x.ndim > 1 else x.reshape(-1, 1)
        for _ in range(5):
            gram = x @ np.swapaxes(x, -1, -2)
            x = a * x + (b * gram + c * gram @ gram) @ x
        yield np.sqrt(max(1, x.shape[-2] / x.shape[-1])) * x.reshape(g.shape)


def mask_of(update, gradient, least_share):
    """Return the mask of a cautious optimizer, from the authors' code (Liang et al., 2024)."""
    mask = (update * gradient > 0).astype(float)
    return mask / max(mask.mean(), least_share)


def c_lion(steps, beta1, beta2, least_share, weight_decay):
    """Yield the directions of C-Lion, from the authors' code (Liang et al., 2024)."""
    m = 0.0
    for w, g, _ in steps:
        update = np.sign(beta1 * m + (1 - beta1) * g)
        m = beta2 * m + (1 - beta2) * g
        yield update * mask_of(update, g, least_share) + weight_decay * w


def c_adamw(steps, beta1, beta2, epsilon, least_share, weight_decay):
    """Yield the directions of C-AdamW, from the authors' code (Liang et al., 2024)."""
    m = v = 0.0
    for t, (w, g, rate) in enumerate(steps, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        step_size = np.sqrt(1 - beta2**t) / (1 - beta1**t)
        direction = step_size * m * mask_of(m, g, least_share) / (np.sqrt(v) + epsilon)
        yield direction + weight_decay * (w - rate * direction)


def adam_root(v, t, beta2, epsilon):
    """Return the divisor of Adam."""
    return np.sqrt(v / (1 - beta2**t)) + epsilon


def adamw_cwd(steps, beta1, beta2, epsilon, weight_decay):
    """Yield the directions of AdamW with cautious weight decay (Chen et al., 2025)."""
    m = v = 0.0
    for t, (w, g, _) in enumerate(steps, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        direction = m / (1 - beta1**t) / adam_root(v, t, beta2, epsilon)
        yield direction + weight_decay * (direction * w >= 0) * w


def mars(steps, beta1, beta2, gamma, epsilon, weight_decay):
    """Yield the directions of MARS-AdamW, from the authors' code (Yuan et al., 2024)."""
    m = v = last = 0.0
    for t, (w, g, _) in enumerate(steps, 1):
        c = g + gamma * beta1 / (1 - beta1) * (g - last)
        c, last = c / max(1, np.sqrt(np.sum(c**2))), g
        m = beta1 * m + (1 - beta1) * c
        v = beta2 * v + (1 - beta2) * c**2
        yield m / (1 - beta1**t) / adam_root(v, t, beta2, epsilon) + weight_decay * w


def laprop(steps, beta1, beta2, epsilon):
    """Yield the directions of LaProp, from the authors' code (Ziyin et al., 2020)."""
    m = v = rates = 0.0
    for t, (_, g, rate) in enumerate(steps, 1):
        v = beta2 * v + (1 - beta2) * g**2
        m = beta1 * m + (1 - beta1) * rate * g / adam_root(v, t, beta2, epsilon)
        rates = beta1 * rates + (1 - beta1) * rate
        yield m / rates


def ademamix(steps, beta1, beta2, beta3, alpha, warmup_steps, epsilon):
    """Yield the directions of AdEMAMix (Pagliardini et al., 2024)."""
    m1 = m2 = v = 0.0
    log1, log3 = np.log(beta1), np.log(beta3)
    for t, (_, g, _) in enumerate(steps, 1):
        done = min(t / warmup_steps, 1.0)
        decay = np.exp(log1 * log3 / ((1 - done) * log3 + done * log1))
        m1 = beta1 * m1 + (1 - beta1) * g
        m2 = decay * m2 + (1 - decay) * g
        v = beta2 * v + (1 - beta2) * g**2
        root = np.sqrt(v / (1 - beta2**t)) + epsilon
        yield (m1 / (1 - beta1**t) + alpha * done * m2) / root


def radam(steps, beta1, beta2, epsilon, threshold):
    """Yield the directions of RAdam (Liu et al., 2019).

    The program divides twice by `y + 1e-8` in place of y, by the rule of its language.
    """
    m = v = 0.0
    rho_inf = 2 / (1 - beta2) - 1
    for t, (_, g, _) in enumerate(steps, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
        direction = m / (1 - beta1**t)
        if rho > threshold:
            r = (rho - 4) * (rho - 2) / (rho + 1e-8)
            r = np.sqrt(r / ((rho_inf - 4) * (rho_inf - 2) / (rho_inf + 1e-8) + 1e-8))
            direction = direction * r / (np.sqrt(v / (1 - beta2**t)) + epsilon)
        yield direction


def from_papers(*functions: Callable[..., Any]) -> dict[str, NumpyOracle]:
    """Return the oracles of generators, by name."""
    return {each.__name__: NumpyOracle("NumPy", each) for each in functions}


NUMPY = from_papers(
    qhm, qhadam, aggmo, powersign, addsign, sdprop, muon, c_lion, c_adamw, adamw_cwd, mars, laprop
)
"""Oracles of what no package has as the paper has it."""

EXACT = from_papers(ademamix, radam)
"""Oracles that follow programs in float64 to 1e-10; those of optax round more."""
