"""Optimizers of matrices: Muon and its kin, from packages.

Packages take Newton-Schulz steps in bfloat16, and of single matrices. Here they take them in
float64, and vectors are columns.
"""

from typing import Any
from unittest import mock

import jax
import optax
import pytorch_optimizer
import torch
from pytorch_optimizer.optimizer.scion import LMONorm
from pytorch_optimizer.optimizer.utils import matrix

from tests.support.dsl.oracles.oracle import OptaxOracle, Run, TorchOracle

STACKS = ("kernel", "matrices")
"""Arrays of more than one matrix: programs divide by the norm of all, packages by that of each."""


class MatrixOracle(TorchOracle):
    """A function from groups of matrices and constants to an optimizer of torch."""

    def _updates(self, run: Run, constants: dict[str, float]) -> Any:
        weights, gradients = self.taken(run.weights), self.taken(run.gradients)
        steps: Any = matrix.zero_power_via_newton_schulz_5
        *defaults, _ = steps.__defaults__
        with (
            mock.patch.object(torch.Tensor, "bfloat16", torch.Tensor.clone),
            mock.patch.object(steps, "__defaults__", (*defaults, torch.float64)),
        ):
            columns = Run(as_columns(weights, 3), as_columns(gradients, 3), run.rates)
            updates = super()._updates(columns, constants)
        return jax.tree.map(lambda update, w: update.reshape(w.shape), updates, weights)


def as_columns(arrays, ndim: int):
    """Return arrays with further axes at the end, up to a number of axes."""
    return jax.tree.map(lambda leaf: leaf.reshape(leaf.shape + (1,) * (ndim - leaf.ndim)), arrays)


def muon(groups, momentum, a, b, c, **options: Any):
    """Return the Muon of torch."""
    options.setdefault("weight_decay", 0.0)
    return torch.optim.Muon(groups, momentum=momentum, ns_coefficients=(a, b, c), **options)


def of_matrices(groups, optimizer, a, b, c, **options):
    """Return an optimizer of pytorch_optimizer, which has Adam for other arrays."""
    groups = [group | {"use_muon": True} for group in groups]
    return optimizer(groups, ns_coeffs=(a, b, c), **options)


def scion(groups, momentum, radius, constraint):
    """Return the Scion of pytorch_optimizer, which has no argument for the coefficients."""
    return pytorch_optimizer.SCION(
        groups,
        momentum=momentum,
        scale=radius,
        constraint=constraint,
        norm_type=LMONorm.SPECTRAL,
    )


def muon_of_optax(lr, momentum, a, b, c):
    """Return the Muon of optax, without Adam for other arrays. Rows are outputs."""

    def dimensions(params):
        numbers = optax.contrib.MuonDimensionNumbers(reduction_axis=1, output_axis=0)
        return jax.tree.map(lambda _: numbers, params)

    inner = optax.contrib.muon(
        lr, (a, b, c), beta=momentum, muon_weight_dimension_numbers=dimensions
    )

    def update(updates, state, params=None):
        new, state = inner.update(as_columns(updates, 2), state, as_columns(params, 2))
        return jax.tree.map(lambda u, g: u.reshape(g.shape), new, updates), state

    return optax.GradientTransformation(lambda params: inner.init(as_columns(params, 2)), update)


MATRIX = {
    # torch bounds the norm from below, where the program adds 1e-8 to it.
    "muon": MatrixOracle(
        "torch.optim.Muon",
        lambda groups, momentum, a, b, c: muon(groups, momentum, a, b, c),
        rtol=1e-5,
        without=(*STACKS, "faint", "vanishing"),
    ),
    "muon_cubic": MatrixOracle(
        "torch.optim.Muon, with other coefficients",
        lambda groups, momentum, b, epsilon: muon(
            groups, momentum, 1 - b, b, 0.0, eps=epsilon, ns_steps=10
        ),
        without=STACKS,
    ),
    "muon_moonlight": MatrixOracle(
        "torch.optim.Muon",
        lambda groups, momentum, a, b, c, epsilon, weight_decay: muon(
            groups,
            momentum,
            a,
            b,
            c,
            eps=epsilon,
            weight_decay=weight_decay,
            adjust_lr_fn="match_rms_adamw",
        ),
        without=STACKS,
    ),
    # Compilation takes a second for each array.
    "muon_corrected": OptaxOracle(
        "optax.contrib.muon", muon_of_optax, without=(*STACKS, "bias", "faint", "vanishing")
    ),
    "normuon": MatrixOracle(
        "pytorch_optimizer.NorMuon",
        lambda groups, momentum, a, b, c, epsilon2: of_matrices(
            groups,
            pytorch_optimizer.NorMuon,
            a,
            b,
            c,
            momentum=momentum,
            beta2=momentum,
            eps=epsilon2,
        ),
        without=STACKS,
    ),
    "adamuon": MatrixOracle(
        "pytorch_optimizer.AdaMuon",
        lambda groups, momentum, beta2, a, b, c, epsilon2, weight_decay: of_matrices(
            groups,
            pytorch_optimizer.AdaMuon,
            a,
            b,
            c,
            betas=(momentum, beta2),
            eps=epsilon2,
            weight_decay=weight_decay,
        ),
        # At first, its second moment divides numbers by themselves, however small and rounded.
        rtol=6e-6,
        without=STACKS,
    ),
    "scion": MatrixOracle(
        "pytorch_optimizer.SCION",
        lambda groups, momentum, radius: scion(groups, momentum, radius, constraint=True),
        without=STACKS,
    ),
    "scion_unconstrained": MatrixOracle(
        "pytorch_optimizer.SCION, without the constraint",
        lambda groups, momentum, radius: scion(groups, momentum, radius, constraint=False),
        without=STACKS,
    ),
}
