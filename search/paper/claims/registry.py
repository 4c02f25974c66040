"""Claims of Chen et al., 2023 (arXiv:2302.06675) about Lion and AdamW, with their judges."""

from lionhunt.search.paper.claims.claim import Claim, Quote
from lionhunt.search.paper.claims.judge_comparisons import (
    judge_beta2,
    judge_convolutions,
    judge_flatness,
    judge_one_beta,
    judge_relative_flatness,
    judge_training_loss,
)
from lionhunt.search.paper.claims.judge_costs import judge_memory, judge_speed
from lionhunt.search.paper.claims.judge_sweeps import (
    judge_batch_size,
    judge_learning_rate,
    judge_robustness,
    judge_small_batches,
    judge_weight_decay,
)

MEMORY, SPEED, OPTIMIZER_SPEED = "memory", "speed", "optimizer_speed"
"""Experiments that measure costs."""
MAIN, VARIANTS, BATCH_SIZE = "main", "variants", "batch_size"
"""Experiments that are comparisons, by their names in the config."""

_PAIRED = "The difference of both, paired by seed, each at its best point."
_BATCH_SIZES = "64, 256, 1K, 4K, 16K, 32K"
_ABLATION = "one beta of 0.9, one beta of 0.99, AdamW, Lion"

CLAIMS = {
    claim.key: claim
    for claim in (
        Claim(
            "memory",
            "memory",
            "Lion keeps a momentum alone: half of AdamW's state.",
            (Quote("Lion's state over AdamW's", (0.5,)),),
            MEMORY,
            "Bytes kept between steps, the step count included. Seen where Lion's are half of "
            "AdamW's or less, up to 1 %.",
            judge_memory,
        ),
        Claim(
            "speed",
            "steps a second",
            "Lion takes 2 to 15 % more training steps a second.",
            (Quote("more steps a second, least and most", (2, 15), "%"),),
            SPEED,
            "Whole training steps of both in rotation, in one process. Seen where the interval of "
            "the ratio lies above 1. The optimizers of optax decide. The program of AdamW keeps "
            "more states than optax's.",
            judge_speed,
        ),
        Claim(
            "optimizer_speed",
            "steps a second of the optimizer alone",
            "Lion's own step takes less time than AdamW's (implied by the claim before).",
            (),
            OPTIMIZER_SPEED,
            "Steps of the optimizer alone on random gradients, both in rotation, in one process. "
            "Seen where the interval of the ratio lies above 1. The optimizers of optax decide. "
            "Lion rearranged computes its update from the new momentum, which saves a copy of the "
            "old one.",
            judge_speed,
        ),
        Claim(
            "batch_size",
            "larger batches",
            "Lion's advantage grows with the batch size.",
            (
                Quote(
                    f"accuracy of Lion, ViT-B/16 at {_BATCH_SIZES}",
                    (79.8, 80.5, 80.4, 80.8, 80.5, 77.9),
                    "%",
                ),
                Quote("of AdamW", (79.8, 80.3, 80.1, 80.1, 79.6, 75.4), "%"),
            ),
            BATCH_SIZE,
            "Every batch size trains on the same number of examples and is tuned by itself. For "
            "each seed, the slope of the advantage over the logarithm of the batch size. Seen "
            "where the interval of the mean slope lies above 0.",
            judge_batch_size,
        ),
        Claim(
            "small_batches",
            "small batches",
            "Lion has no advantage at batch sizes below 64.",
            (Quote("advantage, ViT-B/16 at 64", (0.0,), "points"),),
            BATCH_SIZE,
            "Seen where the interval ends below 0.5 % of AdamW's score and so rules out a larger "
            "advantage. Reversed where it begins above that.",
            judge_small_batches,
        ),
        Claim(
            "robustness",
            "robustness to tuning",
            "Lion depends less on learning rate and weight decay.",
            (
                Quote("accuracy of Lion over a 3 x 3 grid, lowest and highest", (74.9, 77.6), "%"),
                Quote("of AdamW", (67.7, 75.9), "%"),
                Quote("Lion's spread over AdamW's", (0.33,)),
            ),
            MAIN,
            "A 3 x 3 grid by factors of 2 around the best point of each. The spread is the highest "
            "mean score minus the lowest; its interval takes these two points as given. An "
            "optimizer that fails at two points or more is less robust than one that never fails. "
            "Not measured where both fail, or where a best point lies at an edge of the grid.",
            judge_robustness,
        ),
        Claim(
            "one_beta",
            "the second beta",
            "The sign of one momentum, with either beta, is worse than Lion.",
            (
                Quote(f"accuracy, ViT-S/16: {_ABLATION}", (78.23, 78.19, 78.89, 79.46), "%"),
                Quote("the same, ViT-B/16", (79.54, 79.90, 80.12, 80.77), "%"),
            ),
            VARIANTS,
            f"{_PAIRED} One beta is Lion's first or Lion's second on that task. Seen where Lion is "
            "better than both, reversed where it is worse than one of the two.",
            judge_one_beta,
        ),
        Claim(
            "flatness",
            "flatness",
            "Lion ends in flatter minima: its loss under noise on the weights is lower.",
            (Quote("loss under noise of Lion, of AdamW, ViT-B/16", (1.37, 3.74)),),
            MAIN,
            f"{_PAIRED} The same noise for both, of standard deviation 0.01, 0.03 and 0.1. Larger "
            "weights alone make a loss flat under the same noise: see the next claim, too.",
            judge_flatness,
        ),
        Claim(
            "relative_flatness",
            "flatness for the size of the weights",
            "The same where noise is in proportion to the weights (a control of ours, not of the "
            "paper).",
            (),
            MAIN,
            f"{_PAIRED} The standard deviation is 0.1, 0.3 or 1 times the root mean square of each "
            "array of weights. A loss that is lower under the same noise only is flat by the size "
            "of the weights.",
            judge_relative_flatness,
        ),
        Claim(
            "training_loss",
            "training loss and validation",
            "Lion ends with a higher training loss and validates better.",
            (
                Quote("training loss of Lion, of AdamW, ViT-B/16", (0.75, 0.61)),
                Quote("accuracy of the same", (77.44, 75.48), "%"),
            ),
            MAIN,
            f"{_PAIRED} Seen on a task where both halves hold, reversed where both are the other "
            "way round.",
            judge_training_loss,
        ),
        Claim(
            "learning_rate",
            "smaller learning rates",
            "Lion's best learning rate is 3 to 10 times smaller than AdamW's.",
            (Quote("AdamW's over Lion's, least and most", (3, 10)),),
            MAIN,
            "Best points of the grids, known to one step of the grid; the table has this step. The "
            "interval covers the best points under resampled tuning seeds. Seen where it lies "
            "within 3 to 10, reversed where it lies on the other side of 1. Not measured where a "
            "best point lies at an edge of the grid.",
            judge_learning_rate,
        ),
        Claim(
            "weight_decay",
            "larger weight decays",
            "Lion's best weight decay is 3 to 10 times larger than AdamW's.",
            (Quote("Lion's over AdamW's, least and most", (3, 10)),),
            MAIN,
            "As for learning rates. The product of learning rate and weight decay is the share of "
            "the weights that a step subtracts.",
            judge_weight_decay,
        ),
        Claim(
            "beta2",
            "0.99 in the place of 0.998",
            "Nothing is lost with a beta2 of 0.99, where the raw program has 0.9 * 1.109 = 0.998.",
            (Quote("beta2 of Lion, of the raw program", (0.99, 0.998)),),
            VARIANTS,
            "Lion with beta1 0.9 and either beta2, each tuned. Seen where the interval rules out "
            "that 0.998 is better by 0.5 % of the score; reversed where it is better by that.",
            judge_beta2,
        ),
        Claim(
            "convolutions",
            "convolutional nets",
            "On ResNets the difference is small, or there is none.",
            (),
            MAIN,
            "Seen where the interval lies within 0.5 % of AdamW's score, in either direction; "
            "reversed where it lies beyond.",
            judge_convolutions,
        ),
    )
}
"""Claims by key, in the order of the report."""
