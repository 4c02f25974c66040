"""A Hypothesis strategy of valid programs, independent of the code under test.

It takes the names and the arity of functions from the op table. It has its own table of scalar
slots and its own kind rule, and checks `dsl.validation` against them.
"""

from hypothesis import strategies as st

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import GROUPS, OPS
from lionhunt.dsl.program import Const, Program, Statement, Var
from lionhunt.dsl.validation import infer

DRAWN = GROUPS["paper"]
SCALAR_SLOTS = {("clip", 1), ("interp", 2)}
TO_SCALAR = {"global_norm", "dot", "cosine_sim", "get_pi", "get_e", "get_eps"}
STATES = ("m", "v", "n")
NEW_NAMES = ("a", "b", "c", "d", "update")

CONSTANTS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 0.9, 0.99, 1e-8]),
    st.floats(-2.0, 2.0, width=32, allow_subnormal=False),
    st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False),
).map(Const)
"""Finite float32 numbers, a few that float32 rounds, and both zeros; no subnormals."""

MODERATE = st.floats(0.125, 2.0, width=32).map(Const)
"""Numbers whose products stay moderate."""


def kind_of(op: str, kinds: list[Kind]) -> Kind:
    """Return the kind of a result, by an independent rule."""
    if op in TO_SCALAR:
        return Kind.SCALAR
    if op in ("norm", "array_mean", "array_max", "rows", "columns", "size"):
        return min(kinds[0], Kind.PER_ARRAY)
    return max(kinds)


@st.composite
def programs(draw, *, max_statements=15, max_states=3, ops=DRAWN, constants=CONSTANTS) -> Program:
    """Draw a valid program of 0 to `max_states` states and 1 to `max_statements` statements."""
    inputs = ("w", "g", *STATES[: draw(st.integers(0, max_states))], "lr")
    kinds = dict.fromkeys(inputs, Kind.TREE) | {"lr": Kind.SCALAR}

    def variable(names):
        return st.sampled_from(sorted(names)).map(Var)

    statements, results = [], []
    for _ in range(draw(st.integers(1, max_statements))):
        op = draw(st.sampled_from(ops))
        scalars = [name for name, kind in kinds.items() if kind is Kind.SCALAR]
        args = []
        for slot in range(OPS[op].arity):
            names = scalars if (op, slot) in SCALAR_SLOTS else kinds
            # Two in three arguments are variables, if a variable fits.
            choices = [variable(names), variable(names), constants] if names else [constants]
            args.append(draw(st.one_of(choices)))
        kind = kind_of(op, [kinds[a.name] if isinstance(a, Var) else Kind.SCALAR for a in args])
        target = draw(st.sampled_from([*inputs, *NEW_NAMES]))
        statements.append(Statement(target, op, tuple(args)))
        kinds[target] = kind
        results.append(kind)
    last = Var(statements[-1].target)
    update = draw(st.one_of(st.just(last), variable(kinds), constants))
    states = tuple(draw(st.one_of(*[variable(kinds)] * 4, constants)) for _ in inputs[2:-1])
    program = Program(inputs, tuple(statements), (update, *states))
    assert infer(program) == tuple(results)
    return program


def numbers_of(program: Program) -> list[float]:
    """Return every number of a program, in order of its places."""
    args = [arg for statement in program.statements for arg in statement.args]
    return [arg.value for arg in (*args, *program.outputs) if isinstance(arg, Const)]
