"""Bytecode against the canonical form, run by a loop of a few lines, and its registers."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given

from lionhunt import dsl
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.execution import machine
from lionhunt.dsl.execution.bytecode import SMALL, MachineShape, assemble, assemble_canonical
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.ops import OPS
from tests.support.dsl.programs import programs
from tests.support.dsl.values import assert_close, assert_same_bits, draw_tree, on_device

NUMPY = PytreeBackend(np)
OPS_BY_NUMBER = list(OPS.values())


def draw_inputs(num_states: int):
    """Draw weights, gradient and states of two arrays, and return a schedule value."""
    rng = np.random.default_rng(0)
    trees = [tuple(rng.standard_normal((2, 3)).astype(np.float32)) for _ in range(2 + num_states)]
    return trees, np.float32(0.5)


def run_bytecode(code, trees, schedule):
    """Run bytecode over trees: two register files and a loop, the reference of the machine."""
    size = code.shape
    garbage = np.float32(123)
    vectors = [*trees, *[garbage] * (size.num_vector_registers - len(trees))]
    scalars = [schedule, *code.scalar_registers[1:]]
    for instructions, length, file in (
        (code.scalar_code, code.num_scalar_code, scalars),
        (code.vector_code, code.num_vector_code, vectors),
    ):
        for number, *operands, target, _ in instructions[:length]:
            op = OPS_BY_NUMBER[number]
            registers = [*vectors, *scalars]
            args = [registers[operand] for operand in operands[: op.arity]]
            file[target] = op.evaluate(NUMPY, *args)
    return [[*vectors, *scalars][register] for register in code.outputs]


def assert_computes_the_canonical_form(program):
    form = canonicalize(program)
    (weights, gradient, *states), schedule = draw_inputs(form.num_states)
    inputs = [weights, gradient, *states, schedule]
    with np.errstate(all="ignore"):
        expected = run(
            form.to_program(), inputs, lambda op, *xs: op.evaluate(NUMPY, *xs), np.float32
        )
        actual = run_bytecode(assemble_canonical(form), inputs[:-1], schedule)
    assert_same_bits(actual[: len(expected)], expected)


@given(programs())
def test_bytecode_computes_the_canonical_form(program):
    assert_computes_the_canonical_form(program)


@pytest.mark.parametrize("name", dsl.library.names())
def test_bytecode_of_the_library_computes_the_canonical_form(name):
    assert_computes_the_canonical_form(dsl.library.load(name))


@pytest.mark.parametrize("name", dsl.library.names())
def test_bytecode_of_the_library_is_small_if_states_and_statements_are_few(name):
    program = dsl.library.load(name)
    is_short = len(program.statements) <= SMALL.num_instructions
    is_small = is_short and len(program.states) <= SMALL.num_states
    assert (assemble(program).shape == SMALL) == is_small


@given(programs(max_statements=40))
def test_registers_lie_within_the_files(program):
    code = assemble(program)
    size = code.shape
    for instructions, length, num_targets in (
        (code.scalar_code, code.num_scalar_code, size.num_scalar_registers),
        (code.vector_code, code.num_vector_code, size.num_vector_registers),
    ):
        assert length <= size.num_instructions == len(instructions)
        assert instructions.min() >= 0 and not instructions[length:].any()
        assert instructions[:length, 0].max(initial=0) < len(OPS)
        assert (
            instructions[:length, 1:4].max(initial=0)
            < size.num_vector_registers + size.num_scalar_registers
        )
        assert instructions[:length, 4].max(initial=0) < num_targets
    scalar_operands = code.scalar_code[: code.num_scalar_code, 1:4]
    arities = [OPS_BY_NUMBER[n].arity for n in code.scalar_code[: code.num_scalar_code, 0]]
    for operands, arity in zip(scalar_operands, arities, strict=True):
        assert (operands[:arity] >= size.num_vector_registers).all()
    assert (
        0 <= code.outputs.min()
        and code.outputs.max() < size.num_vector_registers + size.num_scalar_registers
    )


def test_value_that_depends_on_the_schedule_alone_is_a_scalar():
    code = assemble(dsl.library.load("adamw_initial"))
    # The scalar instruction is lr = lr * 0.001.
    assert (code.num_scalar_code, code.num_vector_code) == (1, 8)


def test_register_is_used_again_after_its_last_reader():
    lines = "".join(f"  u = {op}(u)\n" for op in ["sin", "cos", "tan", "exp"] * 5)
    code = assemble(dsl.parse(f"def train(w, g, lr):\n  u = abs(g)\n{lines}  return u"))
    assert code.shape.num_vector_registers == SMALL.num_vector_registers
    # The register of the weights, which the program does not read.
    assert set(code.vector_code[: code.num_vector_code, 4].tolist()) == {0}


def large_program(num_alive: int, num_states: int):
    """Return a program that holds `num_alive` values at once: each is read early and late."""
    states = [f"s{i}" for i in range(num_states)]
    lines = [f"a{i} = interp(g, w, {i}.5)" for i in range(num_alive)]
    lines += [f"a{i} = sin(a{i})" for i in range(num_alive)]
    lines += ["u = lr * 0.01", *[f"u = u + a{i}" for i in range(num_alive)]]
    lines += [f"u = interp(u, a{i}, 0.3)" for i in range(num_alive)]
    lines += [f"{s} = interp(g, {s}, 0.{i + 1})" for i, s in enumerate(states)]
    lines += [f"u = u + {s}" for s in states]
    lines += [f"return {', '.join(['u', *states])}"]
    inputs = ", ".join(["w", "g", *states, "lr"])
    return dsl.parse(f"def train({inputs}):\n  " + "\n  ".join(lines))


def test_large_program_gets_a_size_that_holds_it():
    program = large_program(num_alive=40, num_states=5)
    assert len(program.statements) == 171
    size = assemble(program).shape
    assert size == MachineShape(
        num_vector_registers=64, num_states=5, num_scalar_registers=64, num_instructions=256
    )
    assert_computes_the_canonical_form(program)


def test_many_states_share_a_few_sizes():
    """Check that a search that loses one state after another compiles few times."""
    sizes = {n: assemble(large_program(2, n)).shape for n in range(31)}
    assert len({sizes[n] for n in range(7, 31)}) <= 4 and len(set(sizes.values())) <= 10
    for n, size in sizes.items():
        assert n <= size.num_states <= size.num_vector_registers - 2
        assert size.num_states == max(n, 2) or n > 6


@pytest.mark.parametrize("num_alive, num_states", [(40, 5), (2, 20)])
def test_large_program_runs_on_the_machine(num_alive, num_states, rng):
    program = large_program(num_alive, num_states)
    params, gradient = draw_tree(rng), draw_tree(rng)
    optimizer = machine.as_optimizer(on_device(assemble(program)), 0.5)
    actual, _ = optimizer.update(gradient, optimizer.init(params), params)
    optimizer = dsl.as_optimizer(program, 0.5)
    expected, _ = optimizer.update(gradient, optimizer.init(params), params)
    assert_close(actual, expected, rtol=1e-5)


def test_bytecode_is_arrays_of_32_bits():
    assert {jnp.asarray(array).dtype.name for array in assemble(dsl.library.load("lion"))} == {
        "int32",
        "float32",
    }
