"""Optimizers of torch, of pytorch_optimizer and of authors' packages."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import pytorch_optimizer
import torch
from adam_mini import Adam_mini

from tests.support.dsl.oracles.oracle import TorchOracle

ADAM = {"betas": ("beta1", "beta2"), "eps": "epsilon"}
ADAMW = ADAM | {"weight_decay": "weight_decay"}
ADAN = ADAMW | {"betas": ("beta1", "beta2", "beta3")}


def of(optimizer: Any, arguments: dict[str, str | tuple[str, ...]], **fixed) -> TorchOracle:
    """Return the oracle of an optimizer.

    Args:
        optimizer: a class, or a function that calls one of the same name.
        arguments: the constant of the program for each argument, or several for a tuple.
        fixed: other arguments.
    """

    def make(groups, **constants):
        values = {
            name: constants[source]
            if isinstance(source, str)
            else tuple(constants[each] for each in source)
            for name, source in arguments.items()
        }
        return optimizer(groups, **values, **fixed)

    sources = [[each] if isinstance(each, str) else each for each in arguments.values()]
    names = ["groups", *(name for each in sources for name in each)]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    make.__dict__["__signature__"] = inspect.Signature(
        [inspect.Parameter(name, kind) for name in names]
    )
    module = optimizer.__module__.split(".")
    package = ".".join(module[: 2 if module[0] == "torch" else 1])
    return TorchOracle(f"{package}.{optimizer.__name__}", make)


def bare(optimizer: type) -> Callable:
    """Return a class of pytorch_optimizer without the 1e-15 that it adds under roots."""

    @functools.wraps(optimizer, updated=())
    def make(groups, **arguments):
        made = optimizer(groups, **arguments)
        for name in ("apply_ams_bound", "apply_ams_bound_foreach"):
            method = functools.partial(getattr(made, name), exp_avg_sq_eps=0.0)
            setattr(made, name, method)
        return made

    return make


def by_shape(groups):
    """Yield parameters with the names by which Adam-mini knows matrices and vectors."""
    for index, param in enumerate(groups[0]["params"]):
        yield f"{'mlp' if param.ndim == 2 else 'bias'}{index}", param


TORCH = {
    "rmsprop": of(torch.optim.RMSprop, {"alpha": "decay", "eps": "epsilon"}),
    "adagrad": of(torch.optim.Adagrad, {"eps": "epsilon"}),
    "adadelta": of(torch.optim.Adadelta, {"rho": "rho", "eps": "epsilon"}),
    "adam": of(torch.optim.Adam, ADAM),
    "adamax": of(torch.optim.Adamax, ADAM),
    "adamw": of(torch.optim.AdamW, ADAMW),
    "amsgrad": of(torch.optim.Adam, ADAM, amsgrad=True),
    "rprop": of(
        torch.optim.Rprop,
        {"etas": ("eta_minus", "eta_plus"), "step_sizes": ("least_step", "greatest_step")},
    ),
    "adan": of(pytorch_optimizer.Adan, ADAN),
    "adabound": of(
        bare(pytorch_optimizer.AdaBound), ADAM | {"final_lr": "final_rate", "gamma": "gamma"}
    ),
    "adamod": of(pytorch_optimizer.AdaMod, {"betas": ADAN["betas"], "eps": "epsilon"}),
    "adanorm": of(bare(pytorch_optimizer.AdaNorm), ADAM | {"r": "r"}),
    "came": of(
        pytorch_optimizer.CAME, {"betas": ADAN["betas"], "eps1": "epsilon1", "eps2": "epsilon2"}
    ),
    "diffgrad": of(bare(pytorch_optimizer.DiffGrad), ADAM),
    "fromage": of(pytorch_optimizer.Fromage, {}),
    "grams": of(pytorch_optimizer.Grams, ADAMW),
    "novograd": of(pytorch_optimizer.NovoGrad, ADAMW),
    "sgdw": of(
        pytorch_optimizer.SGDW,
        {"momentum": "momentum", "weight_decay": "weight_decay"},
        weight_decouple=True,
    ),
    "stableadamw": of(pytorch_optimizer.StableAdamW, ADAMW),
    "yogi": of(pytorch_optimizer.Yogi, ADAM | {"initial_accumulator": "initial_accumulator"}),
    # It has bounds for each axis of an array.
    "sm3": TorchOracle(
        "pytorch_optimizer.SM3",
        lambda groups, epsilon: pytorch_optimizer.SM3(groups, eps=epsilon),
        without=("kernel", "matrices"),
    ),
    # It takes matrices and vectors alone.
    "adam_mini": TorchOracle(
        "adam_mini.Adam_mini",
        lambda groups, beta1, beta2, epsilon: Adam_mini(
            by_shape(groups), betas=(beta1, beta2), eps=epsilon, verbose=False
        ),
        without=("kernel", "matrices"),
    ),
}
