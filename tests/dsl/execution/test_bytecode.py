"""Bytecode against the canonical form, run by a loop of a few lines, and its registers."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given

from lionhunt import dsl
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.state_kinds import narrow_canonical_states, narrow_states
from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.execution import machine
from lionhunt.dsl.execution.bytecode import SMALL, MachineShape, assemble, assemble_canonical
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from tests.support.dsl.program_texts import NUMBERS_PER_ARRAY
from tests.support.dsl.programs import programs
from tests.support.dsl.values import assert_close, assert_same_bits, draw_tree, on_device

NUMPY = PytreeBackend(np)
OPS_BY_NUMBER = list(OPS.values())


def draw_inputs(num_steps: int = 3):
    """Draw weights and gradient of two arrays, and a schedule value, for each step."""
    rng = np.random.default_rng(0)
    for step in range(num_steps):
        trees = [tuple(rng.standard_normal((2, 3)).astype(np.float32)) for _ in range(2)]
        yield *trees, np.float32(0.5 / (1 + step))


def run_bytecode(code):
    """Run bytecode over trees: two register files and a loop, the reference of the machine."""
    size = code.shape
    zeros, garbage = (np.zeros(3, np.float32),) * 2, np.float32(123)
    per_array, trees = [(np.float32(0),) * 2] * size.num_per_array, [zeros] * size.num_trees
    numbers = [np.float32(0)] * size.num_numbers
    for weights, gradient, schedule in draw_inputs():
        vectors = [weights, gradient, *per_array, *trees]
        vectors += [garbage] * (size.num_vector_registers - len(vectors))
        scalars = [schedule, *numbers, *code.scalar_registers[1 + len(numbers) :]]
        for instructions, length, file in (
            (code.scalar_code, code.num_scalar_code, scalars),
            (code.vector_code, code.num_vector_code, vectors),
        ):
            for number, *operands, target, _ in instructions[:length]:
                op = OPS_BY_NUMBER[number]
                registers = [*vectors, *scalars]
                args = [registers[operand] for operand in operands[: op.arity]]
                file[target] = op.evaluate(NUMPY, *args)
        registers = [*vectors, *scalars]
        per_array, trees, numbers = (
            [registers[register] for register in places]
            for places in (code.per_array, code.trees, code.numbers)
        )
        # A state keeps one number for each array, or one number.
        assert all(np.shape(each) == () for state in per_array for each in as_leaves(state))
        assert all(np.shape(state) == () and not isinstance(state, tuple) for state in numbers)
        yield registers[code.update]


def as_leaves(value):
    return value if isinstance(value, tuple) else (value,)


def run_canonical(form, kinds):
    """Run a canonical form, with states of these kinds."""
    zeros = {
        Kind.SCALAR: np.float32(0),
        Kind.PER_ARRAY: (np.float32(0),) * 2,
        Kind.TREE: (np.zeros(3, np.float32),) * 2,
    }
    states = [zeros[kind] for kind in kinds]
    for weights, gradient, schedule in draw_inputs():
        inputs = [weights, gradient, *states, schedule]
        update, *states = run(
            form.to_program(), inputs, lambda op, *xs: op.evaluate(NUMPY, *xs), np.float32
        )
        yield update


def assert_computes_the_canonical_form(program):
    form = canonicalize(program)
    with np.errstate(all="ignore"):
        actual = list(run_bytecode(assemble_canonical(form)))
        for expected, update in zip(
            run_canonical(form, narrow_canonical_states(form)), actual, strict=True
        ):
            assert_same_bits(update, expected)


@given(programs())
def test_bytecode_computes_the_canonical_form(program):
    assert_computes_the_canonical_form(program)


@pytest.mark.parametrize("name", dsl.library.names())
def test_bytecode_of_the_library_computes_the_canonical_form(name):
    assert_computes_the_canonical_form(dsl.library.load(name))


@pytest.mark.parametrize("name", dsl.library.names())
def test_bytecode_of_the_library_is_small_if_states_and_statements_are_few(name):
    program = dsl.library.load(name)
    is_short = len(canonicalize(program).instructions) <= SMALL.num_instructions
    num_trees = sum(kind is not Kind.SCALAR for kind in narrow_states(program))
    is_small = is_short and num_trees <= SMALL.num_trees
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
    outputs = [code.update, *code.trees, *code.per_array, *code.numbers]
    assert 0 <= min(outputs)
    assert max(outputs) < size.num_vector_registers + size.num_scalar_registers


def test_value_that_depends_on_the_schedule_alone_is_a_scalar():
    code = assemble(dsl.library.load("adamw_initial"))
    # The scalar instruction is lr = lr * 0.001.
    assert (code.num_scalar_code, code.num_vector_code) == (1, 8)


def test_correction_of_bias_is_scalar_code():
    code = assemble(dsl.library.load("adamw"))
    # Each correction is an average and a reciprocal; w * 0.01 is a vector.
    assert code.shape == SMALL and code.num_scalar_code == 4
    num_vectors = SMALL.num_vector_registers
    assert (code.numbers >= num_vectors).all() and (code.trees < num_vectors).all()


def test_states_of_every_kind_have_their_places():
    program = dsl.parse(NUMBERS_PER_ARRAY)
    size = assemble(program).shape
    # Places for numbers per array are even in number, and 3 of 4 are in use.
    assert (size.num_trees, size.num_per_array, size.num_numbers) == (2, 4, 4)
    assert_computes_the_canonical_form(program)


def test_number_per_array_takes_the_place_of_a_tree_that_is_there_anyway():
    program = dsl.parse("def f(w, g, n, lr):\n  n = norm(g) + n\n  return g * n, n")
    assert assemble(program).shape == SMALL
    assert_computes_the_canonical_form(program)


def test_many_numbers_have_places():
    states = [f"s{i}" for i in range(9)]
    lines = [
        f"{s} = interp({other}, {s}, 0.{i + 1})"
        for i, (s, other) in enumerate(zip(states, ["lr", *states], strict=False))
    ]
    program = dsl.parse(
        f"def f(w, g, {', '.join(states)}, lr):\n  "
        + "\n  ".join(lines)
        + f"\n  return g * s8, {', '.join(states)}"
    )
    assert assemble(program).shape.num_numbers == 16
    assert_computes_the_canonical_form(program)


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
        num_vector_registers=64,
        num_trees=5,
        num_per_array=0,
        num_numbers=4,
        num_scalar_registers=80,
        num_instructions=256,
    )
    assert_computes_the_canonical_form(program)


def test_many_states_share_a_few_sizes():
    """Check that a search that loses one state after another compiles few times."""
    sizes = {n: assemble(large_program(2, n)).shape for n in range(31)}
    assert len({sizes[n] for n in range(7, 31)}) <= 4 and len(set(sizes.values())) <= 10
    for n, size in sizes.items():
        assert n <= size.num_trees <= size.num_vector_registers - 2
        assert size.num_trees == max(n, 2) or n > 6


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
