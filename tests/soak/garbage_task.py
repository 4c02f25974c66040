"""Script that runs `lionhunt` with tasks whose score is no number.

python tests/soak/garbage_task.py GARBAGE WORDS...
"""

import dataclasses
import sys

import cloudpickle
import jax.numpy as jnp

from lionhunt.proxy_tasks import options
from lionhunt.search.cli.__main__ import main as run_command

GARBAGE = {
    "text": lambda: "0.5",
    "an array": lambda: jnp.ones(3),
    "nothing": lambda: None,
    "NaN": lambda: jnp.float32(jnp.nan),
}


def main() -> None:
    give = GARBAGE[sys.argv.pop(1)]
    build = options.DigitsMLP.build

    def build_garbage(self):
        return dataclasses.replace(build(self), score=lambda params, data: give())

    options.DigitsMLP.build = build_garbage
    # Workers then receive the patched class.
    cloudpickle.register_pickle_by_value(options)
    run_command()


if __name__ == "__main__":
    main()
