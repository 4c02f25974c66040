"""Known optimizers: from optax, and from their papers in NumPy and float64.

Oracles take constants by their names in the docstring of the program.
"""

import jax.numpy as jnp
import numpy as np
import optax

OPTAX = {
    "sgd": optax.sgd,
    "momentum": optax.sgd,
    "nesterov": lambda lr, momentum: optax.sgd(lr, momentum, nesterov=True),
    "rmsprop": lambda lr, decay, epsilon: optax.rmsprop(lr, decay, epsilon),
    # By default, optax starts the sum of squares at 0.1.
    "adagrad": lambda lr, epsilon: optax.adagrad(lr, 0.0, epsilon),
    "adam": lambda lr, beta1, beta2, epsilon: optax.adam(lr, beta1, beta2, epsilon),
    "adamw": lambda lr, beta1, beta2, epsilon, weight_decay: optax.adamw(
        lr, beta1, beta2, epsilon, weight_decay=weight_decay
    ),
    # By default, optax adds bias corrections to the algorithm of the paper.
    "amsgrad": lambda lr, beta1, beta2, epsilon: optax.amsgrad(
        lr, beta1, beta2, epsilon, bias_correction_mu=False, bias_correction_nu=False
    ),
    "nadam": lambda lr, beta1, beta2, epsilon: optax.nadam(lr, beta1, beta2, epsilon),
    "radam": lambda lr, beta1, beta2, epsilon, threshold: optax.radam(
        lr, beta1, beta2, epsilon, threshold=threshold
    ),
    # The epsilon of the paper is two numbers in optax, equal by default.
    "adabelief": lambda lr, beta1, beta2, epsilon: optax.adabelief(
        lr, beta1, beta2, eps=epsilon, eps_root=epsilon
    ),
    # The parts of optax.adafactor, which has no argument for epsilon2. It factors the two longest
    # axes of an array if both are long enough, by default 128. With 3 it factors the last two axes
    # of each matrix here. For other arrays the factors of the program are their second moments.
    "adafactor": lambda lr, decay_rate, epsilon1, epsilon2: optax.chain(
        optax.scale_by_factored_rms(
            decay_rate=decay_rate, min_dim_size_to_factor=3, epsilon=epsilon1
        ),
        optax.clip_by_block_rms(1.0),
        optax.scale_by_learning_rate(lr),
        optax.scale_by_param_block_rms(epsilon2),
    ),
    "signsgd": optax.sign_sgd,
    "signum": optax.signum,
    "lion": lambda lr, beta1, beta2, weight_decay: optax.lion(
        lr, beta1, beta2, weight_decay=weight_decay
    ),
    "ablation": lambda lr, beta, weight_decay: optax.chain(
        optax.ema(beta, debias=False),
        optax.scale_by_sign(),
        optax.add_decayed_weights(weight_decay),
        optax.scale_by_learning_rate(lr),
    ),
    # optax counts steps from 0, and its ademamix has no default schedule.
    "ademamix": lambda lr, beta1, beta2, beta3, alpha, warmup_steps, epsilon: (
        optax.contrib.ademamix(
            lr,
            beta1,
            beta2,
            ademamix_beta3(beta1, beta3, warmup_steps),
            lambda step: jnp.minimum((step + 1) * alpha / warmup_steps, alpha),
            epsilon,
        )
    ),
}
"""Optimizers of optax, from the learning rate and the constants of the program."""


def ademamix_beta3(beta_start, beta3, warmup_steps):
    """Return the schedule of beta3 of the paper."""

    def beta3_of(step):
        done = (step + 1) / warmup_steps
        log_start, log_end = jnp.log(beta_start), jnp.log(beta3)
        exponent = log_start * log_end / ((1 - done) * log_end + done * log_start)
        return jnp.minimum(jnp.exp(exponent), beta3)

    return beta3_of


def qhm(gradients, nu, beta):
    """Yield the directions of QHM or QHAdam (Ma and Yarats, 2018)."""
    buffer = 0.0
    for g in gradients:
        buffer = beta * buffer + (1 - beta) * g
        yield (1 - nu) * g + nu * buffer


def qhadam(gradients, nu1, nu2, beta1, beta2, epsilon):
    """Yield the directions of QHM or QHAdam (Ma and Yarats, 2018)."""
    m, s = 0.0, 0.0
    for t, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g**2
        m_hat, s_hat = m / (1 - beta1**t), s / (1 - beta2**t)
        numerator = (1 - nu1) * g + nu1 * m_hat
        yield numerator / (np.sqrt((1 - nu2) * g**2 + nu2 * s_hat) + epsilon)


def aggmo(gradients, beta2, beta3, num_momenta):
    """Yield the directions of AggMo (Lucas et al., 2018), whose velocities point downhill."""
    betas, velocities = (0.0, beta2, beta3), (0.0, 0.0, 0.0)
    for g in gradients:
        velocities = [beta * v - g for beta, v in zip(betas, velocities, strict=True)]
        yield -sum(velocities) / num_momenta


def powersign(gradients, beta):
    """Yield the directions of PowerSign with alpha = e (Bello et al., 2017)."""
    m = 0.0
    for g in gradients:
        m = beta * m + (1 - beta) * g
        yield np.e ** (np.sign(g) * np.sign(m)) * g


def addsign(gradients, beta):
    """Yield the directions of AddSign with alpha = 1 (Bello et al., 2017)."""
    m = 0.0
    for g in gradients:
        m = beta * m + (1 - beta) * g
        yield (1 + np.sign(g) * np.sign(m)) * g


def sdprop(gradients, gamma, epsilon):
    """Yield the directions of SDProp (Ida et al., 2017)."""
    mu, c = 0.0, 0.0
    for g in gradients:
        c = gamma * c + gamma * (1 - gamma) * (g - mu) ** 2
        mu = gamma * mu + (1 - gamma) * g
        yield g / (np.sqrt(c) + epsilon)


def muon(gradients, momentum, a, b, c):
    """Yield the directions of Muon (Jordan et al., 2024), of each matrix of an array."""
    m = 0.0
    for g in gradients:
        m = momentum * m + (1 - momentum) * g
        x = momentum * m + (1 - momentum) * g
        x = x / (np.sqrt(np.sum(x**2)) + 1e-8)
        x = x if x.ndim > 1 else x.reshape(-1, 1)
        for _ in range(5):
            gram = x @ np.swapaxes(x, -1, -2)
            x = a * x + (b * gram + c * gram @ gram) @ x
        yield np.sqrt(max(1, x.shape[-2] / x.shape[-1])) * x.reshape(g.shape)


NUMPY = {
    "qhm": qhm,
    "qhadam": qhadam,
    "aggmo": aggmo,
    "powersign": powersign,
    "addsign": addsign,
    "sdprop": sdprop,
    "muon": muon,
}
"""Optimizers that optax lacks: the directions of an array, from its gradients."""


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
