"""Running programs: bytecode, the machines that run it, and compilation of one program.

May import `dsl.analysis`. The modules other than `bytecode` import JAX.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lionhunt.dsl.execution import (
        batch_machine,
        bytecode,
        compilation,
        machine,
        optax_adapter,
    )

__all__ = ["batch_machine", "bytecode", "compilation", "machine", "optax_adapter"]
