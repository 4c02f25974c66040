"""Optimizers of optax, from the learning rate and the constants of a program."""

import jax.numpy as jnp
import optax

from tests.support.dsl.oracles.oracle import OptaxOracle


def ademamix_beta3(beta_start, beta3, warmup_steps):
    """Return the schedule of beta3 of the paper."""

    def beta3_of(step):
        done = (step + 1) / warmup_steps
        log_start, log_end = jnp.log(beta_start), jnp.log(beta3)
        exponent = log_start * log_end / ((1 - done) * log_end + done * log_start)
        return jnp.minimum(jnp.exp(exponent), beta3)

    return beta3_of


OPTAX = {
    "sgd": OptaxOracle("optax.sgd", lambda lr: optax.sgd(lr)),
    "momentum": OptaxOracle("optax.sgd", lambda lr, momentum: optax.sgd(lr, momentum)),
    "nesterov": OptaxOracle(
        "optax.sgd", lambda lr, momentum: optax.sgd(lr, momentum, nesterov=True)
    ),
    # By default, optax adds epsilon under the root.
    "rmsprop": OptaxOracle(
        "optax.rmsprop",
        lambda lr, decay, epsilon: optax.rmsprop(lr, decay, epsilon, eps_in_sqrt=False),
    ),
    "adadelta": OptaxOracle(
        "optax.adadelta", lambda lr, rho, epsilon: optax.adadelta(lr, rho, epsilon)
    ),
    "adamax": OptaxOracle(
        "optax.adamax", lambda lr, beta1, beta2, epsilon: optax.adamax(lr, beta1, beta2, epsilon)
    ),
    "adam": OptaxOracle(
        "optax.adam", lambda lr, beta1, beta2, epsilon: optax.adam(lr, beta1, beta2, epsilon)
    ),
    "adamw": OptaxOracle(
        "optax.adamw",
        lambda lr, beta1, beta2, epsilon, weight_decay: optax.adamw(
            lr, beta1, beta2, epsilon, weight_decay=weight_decay
        ),
    ),
    "nadam": OptaxOracle(
        "optax.nadam", lambda lr, beta1, beta2, epsilon: optax.nadam(lr, beta1, beta2, epsilon)
    ),
    "nadamw": OptaxOracle(
        "optax.nadamw",
        lambda lr, beta1, beta2, epsilon, weight_decay: optax.nadamw(
            lr, beta1, beta2, epsilon, weight_decay=weight_decay
        ),
    ),
    "yogi": OptaxOracle(
        "optax.yogi",
        lambda lr, beta1, beta2, epsilon, initial_accumulator: optax.chain(
            optax.scale_by_yogi(
                beta1, beta2, epsilon, initial_accumulator_value=initial_accumulator
            ),
            optax.scale_by_learning_rate(lr),
        ),
    ),
    "lamb": OptaxOracle(
        "optax.lamb",
        lambda lr, beta1, beta2, epsilon, weight_decay: optax.lamb(
            lr, beta1, beta2, epsilon, weight_decay=weight_decay
        ),
    ),
    "lars": OptaxOracle(
        "optax.lars",
        lambda lr, trust_coefficient, weight_decay, momentum: optax.lars(
            lr, weight_decay, trust_coefficient=trust_coefficient, momentum=momentum
        ),
    ),
    "novograd": OptaxOracle(
        "optax.novograd",
        lambda lr, beta1, beta2, epsilon, weight_decay: optax.novograd(
            lr, beta1, beta2, epsilon, weight_decay=weight_decay
        ),
    ),
    "adopt": OptaxOracle(
        "optax.contrib.adopt",
        lambda lr, beta1, beta2, epsilon, clip_exponent: optax.contrib.adopt(
            lr, beta1, beta2, epsilon, clip_value_fn=lambda step: step**clip_exponent
        ),
    ),
    # The user chooses the estimate of the Hessian. Where a moment cancels and the curvature is
    # small, their ratio rounds more than other updates.
    "sophia": OptaxOracle(
        "optax.contrib.sophia",
        lambda lr, beta1, beta2, gamma, epsilon, update_interval, weight_decay: (
            optax.contrib.sophia(
                lr,
                beta1,
                beta2,
                epsilon,
                weight_decay,
                gamma=gamma,
                update_interval=update_interval,
                hessian_diagonal_fn=optax.stateless_with_tree_map(lambda g, _: g**2),
            )
        ),
        rtol=1e-5,
    ),
    "optimistic_gd": OptaxOracle(
        "optax.optimistic_gradient_descent",
        lambda lr, alpha, beta: optax.optimistic_gradient_descent(lr, alpha, beta),
    ),
    "radam": OptaxOracle(
        "optax.radam",
        lambda lr, beta1, beta2, epsilon, threshold: optax.radam(
            lr, beta1, beta2, epsilon, threshold=threshold
        ),
    ),
    # The epsilon of the paper is two numbers in optax, equal by default.
    "adabelief": OptaxOracle(
        "optax.adabelief",
        lambda lr, beta1, beta2, epsilon: optax.adabelief(
            lr, beta1, beta2, eps=epsilon, eps_root=epsilon
        ),
    ),
    # The parts of optax.adafactor, which has no argument for epsilon2. It factors the two longest
    # axes of an array if both are long enough, by default 128. With 3 it factors the last two axes
    # of each matrix here. For other arrays the factors of the program are their second moments.
    "adafactor": OptaxOracle(
        "optax, the parts of adafactor",
        lambda lr, decay_rate, epsilon1, epsilon2: optax.chain(
            optax.scale_by_factored_rms(
                decay_rate=decay_rate, min_dim_size_to_factor=3, epsilon=epsilon1
            ),
            optax.clip_by_block_rms(1.0),
            optax.scale_by_learning_rate(lr),
            optax.scale_by_param_block_rms(epsilon2),
        ),
    ),
    "signsgd": OptaxOracle("optax.sign_sgd", lambda lr: optax.sign_sgd(lr)),
    "signum": OptaxOracle("optax.signum", lambda lr, beta: optax.signum(lr, beta)),
    "lion": OptaxOracle(
        "optax.lion",
        lambda lr, beta1, beta2, weight_decay: optax.lion(
            lr, beta1, beta2, weight_decay=weight_decay
        ),
    ),
    "ablation": OptaxOracle(
        "optax, from parts",
        lambda lr, beta, weight_decay: optax.chain(
            optax.ema(beta, debias=False),
            optax.scale_by_sign(),
            optax.add_decayed_weights(weight_decay),
            optax.scale_by_learning_rate(lr),
        ),
    ),
    # optax counts steps from 0, and its ademamix has no default schedule.
    "ademamix": OptaxOracle(
        "optax.contrib.ademamix",
        lambda lr, beta1, beta2, beta3, alpha, warmup_steps, epsilon: optax.contrib.ademamix(
            lr,
            beta1,
            beta2,
            ademamix_beta3(beta1, beta3, warmup_steps),
            lambda step: jnp.minimum((step + 1) * alpha / warmup_steps, alpha),
            epsilon,
        ),
    ),
}
