"""The command `lionhunt` where tasks give no number for a score; a script of the soak.

python tests/soak/garbage_task.py GARBAGE WORDS...
"""

import dataclasses
import sys

import jax.numpy as jnp
from ray import cloudpickle

from lionhunt.proxy_tasks.tasks import digits_mlp as mlp
from lionhunt.search.cli import main as cli

GARBAGE = {
    "text": lambda: "0.5",
    "an array": lambda: jnp.ones(3),
    "nothing": lambda: None,
    "NaN": lambda: jnp.float32(jnp.nan),
}


def main() -> None:
    give = GARBAGE[sys.argv.pop(1)]
    build = mlp.DigitsMLP.build

    def build_garbage(self):
        return dataclasses.replace(build(self), score=lambda params, data: give())

    mlp.DigitsMLP.build = build_garbage
    cloudpickle.register_pickle_by_value(mlp)  # so that workers have it, too
    cli.main()


if __name__ == "__main__":
    main()
