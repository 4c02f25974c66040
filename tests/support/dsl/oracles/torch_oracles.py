"""Optimizers of torch, pytorch_optimizer and authors, from parameters and a program's constants."""

import pytorch_optimizer
import torch
from adam_mini import Adam_mini

from tests.support.dsl.oracles.oracle import TorchOracle

SMALL = ("faint", "vanishing")
"""Arrays that show the 1e-15 which several classes of pytorch_optimizer add under the root."""


def by_shape(params):
    """Yield parameters with the names by which Adam-mini knows matrices and vectors."""
    for index, param in enumerate(params):
        yield f"{'mlp' if param.ndim == 2 else 'bias'}{index}", param


TORCH = {
    "rmsprop": TorchOracle(
        "torch.optim.RMSprop",
        lambda params, decay, epsilon: torch.optim.RMSprop(params, alpha=decay, eps=epsilon),
    ),
    "adagrad": TorchOracle(
        "torch.optim.Adagrad", lambda params, epsilon: torch.optim.Adagrad(params, eps=epsilon)
    ),
    "adadelta": TorchOracle(
        "torch.optim.Adadelta",
        lambda params, rho, epsilon: torch.optim.Adadelta(params, rho=rho, eps=epsilon),
    ),
    "adamax": TorchOracle(
        "torch.optim.Adamax",
        lambda params, beta1, beta2, epsilon: torch.optim.Adamax(
            params, betas=(beta1, beta2), eps=epsilon
        ),
    ),
    "adam": TorchOracle(
        "torch.optim.Adam",
        lambda params, beta1, beta2, epsilon: torch.optim.Adam(
            params, betas=(beta1, beta2), eps=epsilon
        ),
    ),
    "adamw": TorchOracle(
        "torch.optim.AdamW",
        lambda params, beta1, beta2, epsilon, weight_decay: torch.optim.AdamW(
            params, betas=(beta1, beta2), eps=epsilon, weight_decay=weight_decay
        ),
    ),
    "amsgrad": TorchOracle(
        "torch.optim.Adam",
        lambda params, beta1, beta2, epsilon: torch.optim.Adam(
            params, betas=(beta1, beta2), eps=epsilon, amsgrad=True
        ),
    ),
    "rprop": TorchOracle(
        "torch.optim.Rprop",
        lambda params, eta_minus, eta_plus, least_step, greatest_step: torch.optim.Rprop(
            params, etas=(eta_minus, eta_plus), step_sizes=(least_step, greatest_step)
        ),
    ),
    "grams": TorchOracle(
        "pytorch_optimizer.Grams",
        lambda params, beta1, beta2, epsilon, weight_decay: pytorch_optimizer.Grams(
            params, betas=(beta1, beta2), eps=epsilon, weight_decay=weight_decay
        ),
    ),
    "mars": TorchOracle(
        "pytorch_optimizer.MARS",
        lambda params, beta1, beta2, gamma, epsilon, weight_decay: pytorch_optimizer.MARS(
            params,
            betas=(beta1, beta2),
            gamma=gamma,
            eps=epsilon,
            weight_decay=weight_decay,
            optimize_1d=True,
        ),
        without=SMALL,
    ),
    # It takes matrices and vectors alone.
    "adam_mini": TorchOracle(
        "adam_mini.Adam_mini",
        lambda params, beta1, beta2, epsilon: Adam_mini(
            by_shape(params), betas=(beta1, beta2), eps=epsilon, verbose=False
        ),
        without=("kernel", "matrices"),
    ),
    "laprop": TorchOracle(
        "pytorch_optimizer.LaProp",
        lambda params, beta1, beta2, epsilon: pytorch_optimizer.LaProp(
            params, betas=(beta1, beta2), eps=epsilon
        ),
        without=SMALL,
    ),
    "adan": TorchOracle(
        "pytorch_optimizer.Adan",
        lambda params, beta1, beta2, beta3, epsilon, weight_decay: pytorch_optimizer.Adan(
            params, betas=(beta1, beta2, beta3), eps=epsilon, weight_decay=weight_decay
        ),
    ),
    "yogi": TorchOracle(
        "pytorch_optimizer.Yogi",
        lambda params, beta1, beta2, epsilon, initial_accumulator: pytorch_optimizer.Yogi(
            params,
            betas=(beta1, beta2),
            eps=epsilon,
            initial_accumulator=initial_accumulator,
        ),
    ),
    "novograd": TorchOracle(
        "pytorch_optimizer.NovoGrad",
        lambda params, beta1, beta2, epsilon, weight_decay: pytorch_optimizer.NovoGrad(
            params, betas=(beta1, beta2), eps=epsilon, weight_decay=weight_decay
        ),
    ),
    "adabound": TorchOracle(
        "pytorch_optimizer.AdaBound",
        lambda params, beta1, beta2, epsilon, final_rate, gamma: pytorch_optimizer.AdaBound(
            params, betas=(beta1, beta2), eps=epsilon, final_lr=final_rate, gamma=gamma
        ),
        without=SMALL,
    ),
    "adamod": TorchOracle(
        "pytorch_optimizer.AdaMod",
        lambda params, beta1, beta2, beta3, epsilon: pytorch_optimizer.AdaMod(
            params, betas=(beta1, beta2, beta3), eps=epsilon
        ),
    ),
    "diffgrad": TorchOracle(
        "pytorch_optimizer.DiffGrad",
        lambda params, beta1, beta2, epsilon: pytorch_optimizer.DiffGrad(
            params, betas=(beta1, beta2), eps=epsilon
        ),
        without=SMALL,
    ),
    "adanorm": TorchOracle(
        "pytorch_optimizer.AdaNorm",
        lambda params, beta1, beta2, r, epsilon: pytorch_optimizer.AdaNorm(
            params, betas=(beta1, beta2), r=r, eps=epsilon
        ),
        without=SMALL,
    ),
    "stableadamw": TorchOracle(
        "pytorch_optimizer.StableAdamW",
        lambda params, beta1, beta2, epsilon, weight_decay: pytorch_optimizer.StableAdamW(
            params, betas=(beta1, beta2), eps=epsilon, weight_decay=weight_decay
        ),
    ),
    "came": TorchOracle(
        "pytorch_optimizer.CAME",
        lambda params, beta1, beta2, beta3, epsilon1, epsilon2: pytorch_optimizer.CAME(
            params, betas=(beta1, beta2, beta3), eps1=epsilon1, eps2=epsilon2
        ),
    ),
    "sgdw": TorchOracle(
        "pytorch_optimizer.SGDW",
        lambda params, momentum, weight_decay: pytorch_optimizer.SGDW(
            params, momentum=momentum, weight_decay=weight_decay, weight_decouple=True
        ),
    ),
    "fromage": TorchOracle(
        "pytorch_optimizer.Fromage", lambda params: pytorch_optimizer.Fromage(params)
    ),
}
