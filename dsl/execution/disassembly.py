"""The program of a bytecode, for optimizers that the machine cannot run, such as those of torch."""

import numpy as np

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.execution.bytecode import NUM_INPUTS, Bytecode
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Arg, Const, Program, Statement, Var


def disassemble(bytecode: Bytecode) -> Program:
    """Return a program that has this bytecode; its names are new.

    Args:
        bytecode: of one program, as NumPy arrays.

    Example:
        >>> assemble(disassemble(assemble(program))) == assemble(program)
    """
    shape, names = bytecode.shape, list(OPS)
    trees, per_array, numbers = (
        [f"{letter}{index}" for index in range(count)]
        for letter, count in (
            ("m", shape.num_trees),
            ("a", shape.num_per_array),
            ("n", shape.num_numbers),
        )
    )
    unused = shape.num_vector_registers - NUM_INPUTS - len(per_array) - len(trees)
    vectors: list[Arg] = [Var(name) for name in ("w", "g", *per_array, *trees)]
    vectors += [Const(0.0)] * unused
    constants = bytecode.scalar_registers[1 + len(numbers) :].tolist()
    scalars: list[Arg] = [*(Var(name) for name in ("lr", *numbers)), *map(Const, constants)]

    def read(register: int) -> Arg:
        first_scalar = len(vectors)
        return vectors[register] if register < first_scalar else scalars[register - first_scalar]

    statements: list[Statement] = []

    def run(code: np.ndarray, registers: list[Arg]) -> None:
        for number, *operands, target, _ in code.tolist():
            op, name = names[number], f"t{len(statements)}"
            args = tuple(map(read, operands[: OPS[op].arity]))
            statements.append(Statement(name, op, args))
            registers[target] = Var(name)

    run(bytecode.scalar_code[: bytecode.num_scalar_code], scalars)
    run(bytecode.vector_code[: bytecode.num_vector_code], vectors)
    outputs = [bytecode.update, *bytecode.trees, *bytecode.per_array, *bytecode.numbers]
    program = Program(
        ("w", "g", *trees, *per_array, *numbers, "lr"),
        tuple(statements),
        tuple(read(int(register)) for register in outputs),
    )
    return simplify(program)
