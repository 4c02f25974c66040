"""Optimizers of torch and of pytorch_optimizer, from parameters and the constants of a program."""

import torch

from tests.support.dsl.oracles.oracle import TorchOracle

TORCH = {
    "adamw": TorchOracle(
        "torch.optim.AdamW",
        lambda params, beta1, beta2, epsilon, weight_decay: torch.optim.AdamW(
            params, betas=(beta1, beta2), eps=epsilon, weight_decay=weight_decay
        ),
    ),
}
