"""Optimizers that remember their first weights, or that average their weights."""

import optax
import pytorch_optimizer

from tests.support.dsl.oracles.oracle import OptaxOracle, TorchOracle

DISTANCE = {
    # The prodigy of optax corrects biases, which the authors' package does not by default.
    "prodigy": TorchOracle(
        "pytorch_optimizer.Prodigy",
        lambda params, beta1, beta2, initial_distance, epsilon: pytorch_optimizer.Prodigy(
            params, betas=(beta1, beta2), d0=initial_distance, eps=epsilon
        ),
    ),
    # The dadapt_adamw of optax corrects biases too.
    "dadapt_adam": TorchOracle(
        "pytorch_optimizer.DAdaptAdam",
        lambda params, beta1, beta2, initial_distance, epsilon: pytorch_optimizer.DAdaptAdam(
            params, betas=(beta1, beta2), d0=initial_distance, eps=epsilon
        ),
    ),
    "dog": OptaxOracle(
        "optax.contrib.dog",
        lambda lr, initial_distance, epsilon: optax.contrib.dog(
            lr, ("heuristic", initial_distance), epsilon
        ),
    ),
    "dowg": OptaxOracle(
        "optax.contrib.dowg", lambda lr, epsilon: optax.contrib.dowg(lr, eps=epsilon)
    ),
    "cocob": OptaxOracle(
        "optax.contrib.cocob", lambda lr, alpha, epsilon: optax.contrib.cocob(lr, alpha, epsilon)
    ),
    "madgrad": OptaxOracle(
        "optax.contrib.madgrad",
        lambda lr, momentum, epsilon: optax.contrib.madgrad(lr, momentum, eps=epsilon),
    ),
    # The average of optax counts steps from 1, and its base optimizer from 0.
    "schedule_free_sgd": OptaxOracle(
        "optax.contrib.schedule_free",
        lambda lr, beta1: optax.contrib.schedule_free(
            optax.sgd(lr), lambda step: lr(step - 1), beta1
        ),
    ),
    "schedule_free_adamw": OptaxOracle(
        "optax.contrib.schedule_free, as in schedule_free_adamw",
        lambda lr, beta1, beta2, epsilon, weight_decay: optax.contrib.schedule_free(
            optax.chain(
                optax.scale_by_rms(beta2, epsilon, eps_in_sqrt=False, bias_correction=True),
                optax.add_decayed_weights(weight_decay),
                optax.scale_by_learning_rate(lr),
            ),
            lambda step: lr(step - 1),
            beta1,
        ),
    ),
}
