"""Known optimizers in NumPy and float64: the directions of an array, from its gradients."""

import numpy as np


def ademamix(gradients, beta1, beta2, beta3, alpha, warmup_steps, epsilon):
    """Yield the directions of AdEMAMix (Pagliardini et al., 2024)."""
    m1 = m2 = v = 0.0
    log1, log3 = np.log(beta1), np.log(beta3)
    for t, g in enumerate(gradients, 1):
        done = min(t / warmup_steps, 1.0)
        decay = np.exp(log1 * log3 / ((1 - done) * log3 + done * log1))
        m1 = beta1 * m1 + (1 - beta1) * g
        m2 = decay * m2 + (1 - decay) * g
        v = beta2 * v + (1 - beta2) * g**2
        root = np.sqrt(v / (1 - beta2**t)) + epsilon
        yield (m1 / (1 - beta1**t) + alpha * done * m2) / root


def radam(gradients, beta1, beta2, epsilon, threshold):
    """Yield the directions of RAdam (Liu et al., 2019).

    The program divides twice by `y + 1e-8` in place of y, by the rule of its language.
    """
    m = v = 0.0
    rho_inf = 2 / (1 - beta2) - 1
    for t, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
        direction = m / (1 - beta1**t)
        if rho > threshold:
            r = (rho - 4) * (rho - 2) / (rho + 1e-8)
            r = np.sqrt(r / ((rho_inf - 4) * (rho_inf - 2) / (rho_inf + 1e-8) + 1e-8))
            direction = direction * r / (np.sqrt(v / (1 - beta2**t)) + epsilon)
        yield direction
