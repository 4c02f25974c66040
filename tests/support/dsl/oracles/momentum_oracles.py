"""Optimizers whose momenta differ from those of SGD, Adam and Lion."""

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


MOMENTUM = {
    "pnm": TorchOracle(
        "pytorch_optimizer.PNM",
        lambda params, beta1: pytorch_optimizer.PNM(params, betas=(beta1, 1.0)),
    ),
    # The package adds 1e-15 to the second moment, and divides epsilon by the bias correction.
    "adapnm": NumpyOracle("the paper, in NumPy", adapnm),
    "simplified_ademamix": OptaxOracle(
        "optax.contrib.simplified_ademamix",
        lambda lr, beta1, beta2, alpha, epsilon: optax.contrib.simplified_ademamix(
            lr, beta1, beta2, alpha, epsilon
        ),
    ),
    "tiger": TorchOracle("pytorch_optimizer.Tiger", tiger),
}
