"""Running programs: bytecode, the machines that run it, and compilation of one program.

May import `dsl.analysis`. The modules other than `bytecode` import JAX.
"""

__all__ = ["batch_machine", "bytecode", "compilation", "machine", "optax_adapter"]
