"""Optimizers whose momenta differ from those of SGD, Adam and Lion."""

import jax.numpy as jnp
import numpy as np
import optax
import pytorch_optimizer
import torch

from tests.support.dsl.oracles.oracle import NumpyOracle, OptaxOracle, TorchOracle


def adapnm(steps, beta1, beta2, epsilon):
    """Yield the directions of AdaPNM (Xie et al., 2021)."""
    m, m_before = 0.0, 0.0
    v = largest = 0.0
    for t, (_, g, _) in enumerate(steps, 1):
        m, m_before = beta1**2 * m_before + (1 - beta1**2) * g, m
        v = beta2 * v + (1 - beta2) * g**2
        largest = np.maximum(largest, v)
        root = np.sqrt(largest / (1 - beta2**t)) + epsilon
        yield (2 * m - m_before) / np.sqrt(5) / (1 - beta1**t) / root


def tiger(groups, beta, weight_decay):
    """Return Tiger with the learning rates of its author, which the package lacks."""
    groups = [group | {"params": [param]} for group in groups for param in group["params"]]
    optimizer = pytorch_optimizer.Tiger(groups, beta=beta, weight_decay=weight_decay)

    def scale(optimizer, args, kwargs):
        for group in optimizer.param_groups:
            group["lr"] *= float(torch.sqrt(torch.mean(group["params"][0].detach() ** 2)))

    optimizer.register_step_pre_hook(scale)
    return optimizer


def acprop(lr, beta1, beta2, epsilon):
    """Return ACProp, from that of optax, whose variance is around the mean before a step.

    The difference from that mean is 1 / beta1 times the difference from the mean after the step.
    """
    return optax.chain(
        optax.contrib.acprop(lr, beta1, beta2, epsilon / beta1, epsilon / beta1**2),
        optax.scale_by_schedule(lambda step: jnp.where(step == 0, 1.0, 1 / beta1)),
    )


def lion_k(potential, steps, beta1, beta2, weight_decay):
    """Yield the directions of Lion-K (Chen et al., 2023), from a convex function of all numbers."""
    m = 0.0
    for w, g, _ in steps:
        point = torch.tensor(beta1 * m + (1 - beta1) * g, requires_grad=True)
        (slope,) = torch.autograd.grad(potential(point), point)
        m = beta2 * m + (1 - beta2) * g
        # A norm has no slope at zero; there is no step.
        yield np.nan_to_num(slope.numpy()) + weight_decay * w


def lion_norm(steps, beta1, beta2, exponent, weight_decay):
    """Yield the directions of Lion-K with a p-norm."""

    def norm(x):
        return torch.sum(torch.abs(x) ** exponent) ** (1 / exponent)

    return lion_k(norm, steps, beta1, beta2, weight_decay)


def lion_smooth(steps, beta1, beta2, e, weight_decay):
    """Yield the directions of Lion-K with a smooth norm."""

    def norm(x):
        return torch.sum(torch.sqrt(x**2 + e**2))

    return lion_k(norm, steps, beta1, beta2, weight_decay)


def lion_sparse(steps, beta1, beta2, e, weight_decay):
    """Yield the directions of Lion-K with a norm of what is above a threshold."""

    def norm(x):
        return torch.sum(torch.relu(torch.abs(x) - e))

    return lion_k(norm, steps, beta1, beta2, weight_decay)


def normalized_momentum(steps, momentum):
    """Yield the directions of normalized momentum (Cutkosky and Mehta, 2020), for one array."""
    m = 0.0
    for _, g, _ in steps:
        m = momentum * m + (1 - momentum) * g
        yield m / (np.linalg.norm(m) + 1e-8)


MOMENTUM = {
    "normalized_momentum": NumpyOracle("NumPy", normalized_momentum),
    "acprop": OptaxOracle("optax.contrib.acprop", acprop),
    "optimistic_adam": OptaxOracle(
        "optax.optimistic_adam_v2",
        lambda lr, beta1, beta2, epsilon: optax.optimistic_adam_v2(
            lr, b1=beta1, b2=beta2, eps=epsilon, nesterov=False
        ),
    ),
    "lion_norm": NumpyOracle("torch.autograd, of the function of the paper", lion_norm),
    "lion_smooth": NumpyOracle("torch.autograd, of the function of the paper", lion_smooth),
    "lion_sparse": NumpyOracle("torch.autograd, of the function of the paper", lion_sparse),
    "pnm": TorchOracle(
        "pytorch_optimizer.PNM",
        lambda params, beta1: pytorch_optimizer.PNM(params, betas=(beta1, 1.0)),
    ),
    # The package adds 1e-15 to the second moment, and divides epsilon by the bias correction.
    "adapnm": NumpyOracle("NumPy", adapnm),
    "simplified_ademamix": OptaxOracle(
        "optax.contrib.simplified_ademamix",
        lambda lr, beta1, beta2, alpha, epsilon: optax.contrib.simplified_ademamix(
            lr, beta1, beta2, alpha, epsilon
        ),
    ),
    "tiger": TorchOracle("pytorch_optimizer.Tiger", tiger),
}
