"""Random edits of a program, as in Chen et al., 2023 (arXiv:2302.06675), section 2.

Arguments are drawn by kind: an argument that must be a scalar is drawn from scalars. The generator
is Python's `random.Random`, whose stream the language fixes for all versions. It is twice as fast
to seed as NumPy's generator (5 us here). It is six times as fast to draw from (0.2 us).
"""

import dataclasses
import math
import random
from collections import Counter
from contextlib import suppress

from lionhunt.dsl.analysis.fingerprinting import AnalyzedProgram, analyze
from lionhunt.dsl.analysis.liveness import find_live
from lionhunt.dsl.edits.statements import delete, insert, repeat, replace_argument
from lionhunt.dsl.float32 import shortest
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Arg, Const, InvalidProgram, Program, Statement, Var
from lionhunt.dsl.validation import advance, check_outputs, input_kinds, known_kinds, remember_kinds
from lionhunt.search.errors import MutationError
from lionhunt.search.evolution.crossover import crossover
from lionhunt.search.evolution.extra import InvalidMutant
from lionhunt.search.evolution.mutation_space import Mate, Mutant, MutationSpace

CROSSOVER = "crossover"
"""The kind of mutation that has two parents."""

MUTATIONS = ("insert", "delete", "modify", "repeat", "graft", "prune", CROSSOVER)

MAX_REPEATED = 4
"""Statements that are repeated at most."""

_ARGUMENTS = ("variable", "constant", "scale")
"""Kinds of new arguments; "scale" is a multiple of the old constant."""

NEW_VARIABLE_PROB = 0.5
"""The probability that an inserted statement assigns a new variable, not one of the program.

The paper does not say; its raw program shows both.
"""

MAX_DRAWS = 10_000
"""Draws without a valid mutation after which `mutate` raises."""

MAX_SAME = 100
"""Mutants in a row that may compute the same as their parent; the last is then returned."""


def mutate(
    program: Program,
    rng: random.Random,
    space: MutationSpace,
    identity: AnalyzedProgram | None = None,
    mate: Mate | None = None,
) -> Mutant:
    """Mutate a valid program: draw until a mutant is valid, and different if `space` asks for it.

    Args:
        program: the parent.
        rng: the source of all randomness.
        space: the allowed mutations.
        identity: the analysis of the parent, if known, which speeds up `until_different`.
        mate: chooses the second parent of a crossover; without it there is none.

    Raises:
        MutationError: no draw was valid, as when `space` has no fitting function.
        UserCodeError: a mutation of the user fails.
    """
    mutant = _draw_valid(program, rng, space, mate)
    if not space.until_different:
        return mutant
    identity = identity or analyze(program)
    for _ in range(1, MAX_SAME):
        if analyze(mutant.program, identity).fingerprint != identity.fingerprint:
            break
        drawn = _draw_valid(program, rng, space, mate)
        mutant = drawn._replace(
            num_draws=mutant.num_draws + drawn.num_draws,
            invalid=add_counts(mutant.invalid, drawn.invalid),
        )
    return mutant


def add_counts(
    first: tuple[tuple[str, int], ...], second: tuple[tuple[str, int], ...]
) -> tuple[tuple[str, int], ...]:
    """Return the sums of two counts by name."""
    return tuple((Counter(dict(first)) + Counter(dict(second))).items())


def _draw_valid(
    program: Program, rng: random.Random, space: MutationSpace, mate: Mate | None
) -> Mutant:
    """Draw until a mutation is valid, as the paper does."""
    names, weights = MUTATIONS[: len(space.weights)], space.weights
    extra = {mutation.name: mutation for mutation in space.extra}
    if extra:
        names, weights = (*names, *extra), (*weights, *space.extra_weights)
    invalid: Counter[str] = Counter()
    for num_draws in range(1, MAX_DRAWS + 1):
        (mutation,) = rng.choices(names, weights)
        second_parent = None
        try:
            if mutation in extra:
                mutant = extra[mutation](program, rng, space)
            elif mutation == CROSSOVER:
                second_parent, mutant = _cross(program, rng, space, mate)
            else:
                mutant = _MUTATE[mutation](program, rng, space)
        except InvalidProgram:
            continue
        except InvalidMutant:
            invalid[mutation] += 1
            continue
        if mutant is not None and mutant != program:
            return Mutant(mutation, mutant, num_draws, second_parent, tuple(invalid.items()))
    raise MutationError(f"no valid mutation in {MAX_DRAWS:,} draws; widen [mutation] in the config")


def _cross(
    program: Program, rng: random.Random, space: MutationSpace, mate: Mate | None
) -> tuple[int | None, Program | None]:
    """Return the number of the second parent, and a program with statements of both."""
    if mate is None:
        return None, None
    second_parent, other = mate()
    limit = space.max_statements
    return second_parent, crossover(program, other, rng, step=space.step, max_statements=limit)


def _insert(program: Program, rng: random.Random, space: MutationSpace) -> Program | None:
    if space.max_statements is not None and len(program.statements) >= space.max_statements:
        return None
    index = rng.randrange(_num_mutable(program, space) + 1)
    kinds = _kinds_before(program, index)
    op = OPS[rng.choice(space.functions)]
    args = tuple(
        _draw_argument(None, position == op.scalar_argument, kinds, rng, space.step.unread)
        for position in range(op.arity)
    )
    names = list(dict.fromkeys([*program.inputs, *[s.target for s in program.statements]]))
    is_new = rng.random() < NEW_VARIABLE_PROB
    old = [name for name in names if name not in space.step.unassigned]
    target = _new_name(names) if is_new else rng.choice(old)
    mutant = insert(program, index, Statement(target, op.name, args))
    return _checked(mutant, program, index, kinds, target)


def _delete(program: Program, rng: random.Random, space: MutationSpace) -> Program | None:
    num_mutable = _num_mutable(program, space)
    if not num_mutable:
        return None
    index = rng.randrange(num_mutable)
    target = program.statements[index].target
    mutant = delete(program, index)
    return _checked(mutant, program, index, _kinds_before(program, index), target)


def _modify(program: Program, rng: random.Random, space: MutationSpace) -> Program | None:
    mutable = program.statements[: _num_mutable(program, space)]
    indices = [i for i, statement in enumerate(mutable) if statement.args]
    if not indices:
        return None
    index = rng.choice(indices)
    kinds = _kinds_before(program, index)
    statement = program.statements[index]
    position = rng.randrange(len(statement.args))
    is_scalar = position == OPS[statement.op].scalar_argument
    new = _draw_argument(statement.args[position], is_scalar, kinds, rng, space.step.unread)
    mutant = replace_argument(program, index, position, new)
    return _checked(mutant, program, index, kinds, statement.target)


def _repeat(program: Program, rng: random.Random, space: MutationSpace) -> Program | None:
    """Repeat a few statements in a row, as genes are duplicated: Ohno, 1970.

    An iteration such as Newton and Schulz's gets one more step at once.
    """
    num_mutable = _num_mutable(program, space)
    if not num_mutable:
        return None
    start = rng.randrange(num_mutable)
    stop = min(start + rng.randint(1, MAX_REPEATED), num_mutable)
    if len(program.statements) + stop - start > (space.max_statements or math.inf):
        return None
    mutant = repeat(program, start, stop)
    return _checked_from(mutant, program, stop, _kinds_before(program, stop))


def _graft(program: Program, rng: random.Random, space: MutationSpace) -> Program | None:
    """Combine what a statement computes with a function of it.

    After `x = ...` come `new = f(x, ...)` and `x = h(x, new)`. A polynomial of x gets a term so.
    Two insertions would have to meet by chance.
    """
    num_mutable = _num_mutable(program, space)
    if not num_mutable or len(program.statements) + 2 > (space.max_statements or math.inf):
        return None
    index = rng.randrange(num_mutable) + 1
    kinds = _kinds_before(program, index)
    inner, outer = (OPS[rng.choice(space.functions)] for _ in range(2))
    places = [place for place in range(outer.arity) if place != outer.scalar_argument]
    if len(places) < 2:
        return None
    target = Var(program.statements[index - 1].target)
    new = Var(_new_name([*program.inputs, *[s.target for s in program.statements]]))

    def draw(op: Op, place: int) -> Arg:
        return _draw_argument(None, place == op.scalar_argument, kinds, rng, space.step.unread)

    terms = [target if rng.random() < 0.5 else draw(inner, place) for place in range(inner.arity)]
    factors = [draw(outer, place) for place in range(outer.arity)]
    first, second = rng.sample(places, 2)
    factors[first], factors[second] = target, new
    mutant = insert(program, index, Statement(new.name, inner.name, tuple(terms)))
    mutant = insert(mutant, index + 1, Statement(target.name, outer.name, tuple(factors)))
    return _checked_from(mutant, program, index, kinds)


def _prune(program: Program, rng: random.Random, space: MutationSpace) -> Program | None:
    """Delete all redundant statements; the child computes the same, and costs no training.

    Most mutations of a program with many redundant statements change nothing that counts.
    """
    needed, _ = find_live(program)
    end = _num_mutable(program, space)
    statements = tuple(s for i, s in enumerate(program.statements) if needed[i] or i >= end)
    mutant = dataclasses.replace(program, statements=statements)
    return _checked_from(mutant, program, 0, _kinds_before(program, 0))


_MUTATE = {
    "insert": _insert,
    "delete": _delete,
    "modify": _modify,
    "repeat": _repeat,
    "graft": _graft,
    "prune": _prune,
}


def _num_mutable(program: Program, space: MutationSpace) -> int:
    """Return the number of statements before the step."""
    return len(program.statements) - space.step.num_statements


def _kinds_before(program: Program, index: int) -> dict[str, Kind]:
    """Return the kinds of the variables that statement `index` can read."""
    kinds = input_kinds(program)
    targets = [statement.target for statement in program.statements[:index]]
    kinds.update(zip(targets, known_kinds(program), strict=False))
    return kinds


def _checked_from(mutant: Program, program: Program, index: int, kinds: dict[str, Kind]) -> Program:
    """Return the mutant if it is valid from statement `index` on; `kinds` are those before it."""
    results = advance(kinds, mutant, index, len(mutant.statements))
    check_outputs(kinds, mutant)
    remember_kinds(mutant, (*known_kinds(program)[:index], *results))
    return mutant


def _checked(
    mutant: Program, program: Program, index: int, kinds: dict[str, Kind], target: str
) -> Program:
    """Return the mutant of a valid program if it is valid too.

    Later statements are checked only if the edit changed the kind of its variable. Otherwise they
    run as in the program.

    Args:
        mutant: the edited program.
        program: the parent.
        index: of the edited statement; all other statements are the same.
        kinds: the kinds of the variables before this statement.
        target: the variable that the edited statement assigns.

    Raises:
        InvalidProgram: the mutant cannot run.
    """
    in_program = known_kinds(program)
    # 1 after an insertion, -1 after a deletion.
    longer = len(mutant.statements) - len(program.statements)
    rest, rest_in_program = index + 1 + min(longer, 0), index + 1 - max(longer, 0)
    replaced = in_program[index:rest_in_program]
    old = replaced[0] if replaced else kinds.get(target)
    new = advance(kinds, mutant, index, rest)
    if old in (None, kinds.get(target)):
        later = in_program[rest_in_program:]
    else:
        later = advance(kinds, mutant, rest, len(mutant.statements))
        check_outputs(kinds, mutant)
    remember_kinds(mutant, (*in_program[:index], *new, *later))
    return mutant


def _draw_argument(
    old: Arg | None,
    is_scalar: bool,
    kinds: dict[str, Kind],
    rng: random.Random,
    unread: frozenset[str],
) -> Arg:
    """Return a variable or a new constant; in place of a constant also a multiple of it."""
    ways = _ARGUMENTS if isinstance(old, Const) else _ARGUMENTS[:2]
    names = [
        name
        for name, kind in kinds.items()
        if name not in unread and (not is_scalar or kind is Kind.SCALAR)
    ]
    way = rng.choice(ways)
    if way == "variable" and names:
        return Var(rng.choice(names))
    if way == "scale" and isinstance(old, Const):
        return scale(old, rng)
    return draw_constant(rng)


def draw_constant(rng: random.Random) -> Const:
    """Draw a constant from N(0, 1)."""
    return Const(shortest(rng.gauss(0, 1)))


def scale(constant: Const, rng: random.Random) -> Const:
    """Return the constant times 2^a, a ~ N(0, 1), within the range of float32."""
    while True:
        # A constant out of the range raises.
        with suppress(ValueError):
            return Const(shortest(constant.value * 2.0 ** rng.gauss(0, 1)))


def _new_name(names: list[str]) -> str:
    """Return the first of v1, v2, ... that no variable has."""
    number, taken = 1, set(names)
    while f"v{number}" in taken:
        number += 1
    return f"v{number}"
