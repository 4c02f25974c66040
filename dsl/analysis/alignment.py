"""Two programs side by side: statements that compute the same value stand on one line.

Names and the order of independent statements do not matter. The states of the two programs are
paired so that most statements agree. Then paired states count as one input, and values get common
numbers.
"""

import enum
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.liveness import find_liveness, simplify
from lionhunt.dsl.analysis.value_numbering import Values
from lionhunt.dsl.float32 import to_float32
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Arg, Const, Program, Statement, Var, to_line

MAX_PERMUTED = 5
"""Live states of which all pairings are tried; more are paired in the order of their names."""


class LineMark(enum.StrEnum):
    """The relation of the two statements of a line."""

    SAME = "same"
    """They compute the same value."""
    CONSTANTS = "constants"
    """They are the same but for constants, in the statement or in what it reads."""
    CHANGED = "changed"
    """They apply one function, and one of the values that it reads differs."""
    REMOVED = "removed"
    """Only the left program has it."""
    ADDED = "added"
    """Only the right program has it."""


class AlignedLine(NamedTuple):
    """One line of the alignment; a side without a statement is None.

    Attributes:
        mark: the relation of the two sides.
        left, right: statements as text.
        constants: constants of these two statements that differ, from left to right.
    """

    mark: LineMark
    left: str | None
    right: str | None
    constants: tuple[tuple[float, float], ...] = ()


class Alignment(NamedTuple):
    """The needed statements of two programs, aligned.

    Attributes:
        is_same: True if the programs compute the same updates.
        states: pairs of live states that count as one; a state without a partner stands alone.
        lines: the statements, in the order of the left program.
        outputs: for the update and each pair of states, whether its new value is the same.
    """

    is_same: bool
    states: tuple[tuple[str | None, str | None], ...]
    lines: tuple[AlignedLine, ...]
    outputs: tuple[tuple[str, str, bool], ...]


def align(left: Program, right: Program) -> Alignment:
    """Align the needed statements of two valid programs."""
    sides = tuple(map(_Side, (left, right)))
    pairings = _pairings(sides[0].states, sides[1].states)
    numbered = [(pairs, *_number(sides, pairs)) for pairs in pairings]
    # The first of equally good pairings follows the order of the programs.
    pairs, values, shapes = max(numbered, key=lambda each: _agreement(*each[1:]))
    partner, marks = _match(sides, values, shapes)
    return Alignment(
        fingerprint(left) == fingerprint(right),
        _listed_states(sides, pairs),
        tuple(_lines(sides, partner, marks)),
        tuple(_outputs(sides, pairs, values)),
    )


class _Side:
    """One of the programs, without the statements that it does not need.

    Attributes:
        program: the program without them.
        states: its live states.
        statements: its statements.
        outputs: the new value of the update, under "", and of each live state.
    """

    def __init__(self, program: Program):
        live = find_liveness(program).live_states
        names = [name for name, is_live in zip(program.states, live, strict=True) if is_live]
        self.program = simplify(program)
        self.states: tuple[str, ...] = tuple(names)
        self.statements: tuple[Statement, ...] = self.program.statements
        new = zip(self.program.states, self.program.outputs[1:], strict=True)
        self.outputs: dict[str, Arg] = {"": self.program.outputs[0]}
        self.outputs |= {name: arg for name, arg in new if name in names}


Pairs = Mapping[str, str]
"""The state of the right program for a state of the left one."""


class _Numbers(NamedTuple):
    """Common numbers of the values of both programs.

    Attributes:
        statements: of each side, the number of each statement's value.
        outputs: of each side, the number of each output.
        inputs: of each side, the number of each input.
    """

    statements: tuple[list[int], list[int]]
    outputs: tuple[dict[str, int], dict[str, int]]
    inputs: tuple[dict[str, int], dict[str, int]]


def _pairings(left: Sequence[str], right: Sequence[str]) -> Iterator[Pairs]:
    if max(len(left), len(right)) > MAX_PERMUTED:
        yield dict(zip(left, right, strict=False))
    elif len(left) <= len(right):
        for chosen in itertools.permutations(right, len(left)):
            yield dict(zip(left, chosen, strict=True))
    else:
        for chosen in itertools.permutations(left, len(right)):
            yield dict(zip(chosen, right, strict=True))


def _number(sides: Sequence[_Side], pairs: Pairs) -> tuple[_Numbers, _Numbers]:
    """Return the numbers of values, and of shapes: values up to their constants."""
    classes = _state_classes(sides, pairs)
    values, shapes = Values(), _Shapes()
    results = []
    for domain in (values, shapes):
        numbers = _Numbers(([], []), ({}, {}), ({}, {}))
        for number, side in enumerate(sides):
            program = side.program
            inputs = numbers.inputs[number]
            inputs[program.weights], inputs[program.gradient] = domain.weights, domain.gradient
            inputs[program.schedule] = domain.schedule
            inputs |= {name: domain.state(k) for name, k in classes[number].items()}
            env = dict(inputs)
            for statement in side.statements:
                operands = tuple(_read(domain, env, arg) for arg in statement.args)
                env[statement.target] = domain.apply(statement.op, operands)
                numbers.statements[number].append(env[statement.target])
            for name, arg in side.outputs.items():
                numbers.outputs[number][name] = _read(domain, env, arg)
        results.append(numbers)
    return results[0], results[1]


def _read(domain: "Values | _Shapes", env: Mapping[str, int], arg: Arg) -> int:
    return env[arg.name] if isinstance(arg, Var) else domain.constant(arg.value)


def _state_classes(sides: Sequence[_Side], pairs: Pairs) -> tuple[dict[str, int], dict[str, int]]:
    """Return a number for each state; paired states have the same one."""
    of_left = {name: number for number, name in enumerate(sides[0].states)}
    of_right = {partner: of_left[name] for name, partner in pairs.items()}
    for name in sides[1].states:
        of_right.setdefault(name, len(of_left) + len(of_right))
    return of_left, of_right


class _Shapes:
    """Numbers of values in which all constants are one."""

    weights, gradient, schedule = range(3)

    def __init__(self):
        self._numbers: dict[object, int] = {"weights": 0, "gradient": 1, "schedule": 2}

    def _number(self, key: object) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def state(self, class_number: int) -> int:
        return self._number(("state", class_number))

    def constant(self, _: float) -> int:
        return self._number("constant")

    def apply(self, name: str, operands: tuple[int, ...]) -> int:
        ordered = tuple(sorted(operands)) if OPS[name].commutative else operands
        return self._number((name, ordered))


def _agreement(values: _Numbers, shapes: _Numbers) -> tuple[int, int]:
    """Return how many values both programs have, and how many shapes."""
    return len(_shared(values)), len(_shared(shapes))


def _shared(numbers: _Numbers) -> set[int]:
    left, right = (
        {*of_statements, *of_outputs.values()}
        for of_statements, of_outputs in zip(numbers.statements, numbers.outputs, strict=True)
    )
    return left & right


def _match(
    sides: Sequence[_Side], values: _Numbers, shapes: _Numbers
) -> tuple[dict[int, int], dict[int, LineMark]]:
    """Return the right statement for left ones, and the relation of the two."""
    partner: dict[int, int] = {}
    marks: dict[int, LineMark] = {}
    for numbers, mark in ((values, LineMark.SAME), (shapes, LineMark.CONSTANTS)):
        free: dict[int, list[int]] = defaultdict(list)
        taken = set(partner.values())
        for place, number in enumerate(numbers.statements[1]):
            if place not in taken:
                free[number].append(place)
        for place, number in enumerate(numbers.statements[0]):
            if place not in partner and free[number]:
                partner[place] = free[number].pop(0)
                marks[place] = mark
    _match_changed(sides, values, partner, marks)
    return partner, marks


def _match_changed(
    sides: Sequence[_Side], values: _Numbers, partner: dict[int, int], marks: dict[int, LineMark]
) -> None:
    """Match the other statements of one function that read a common value, in order."""
    reads = tuple(map(_reads, sides, values.statements, values.inputs))
    taken = set(partner.values())
    for place, statement in enumerate(sides[0].statements):
        if place in partner:
            continue
        mine, sources = reads[0][place]
        wanted = {partner[source] for source in sources if source in partner}
        for other, candidate in enumerate(sides[1].statements):
            theirs, their_sources = reads[1][other]
            if other in taken or candidate.op != statement.op:
                continue
            if mine & theirs or wanted & their_sources:
                partner[place], marks[place] = other, LineMark.CHANGED
                taken.add(other)
                break


def _reads(
    side: _Side, numbers: Sequence[int], inputs: Mapping[str, int]
) -> list[tuple[set[int], set[int]]]:
    """Return for each statement the numbers of the variables it reads, and where these are made."""
    env, made, reads = dict(inputs), {}, []
    for place, statement in enumerate(side.statements):
        names = [arg.name for arg in statement.args if isinstance(arg, Var)]
        sources = {made[name] for name in names if name in made}
        reads.append(({env[name] for name in names}, sources))
        env[statement.target], made[statement.target] = numbers[place], place
    return reads


def _lines(
    sides: Sequence[_Side], partner: Mapping[int, int], marks: Mapping[int, LineMark]
) -> Iterator[AlignedLine]:
    """Yield the lines; a statement of the right program alone follows the one before it."""
    left, right = (side.statements for side in sides)
    taken = set(partner.values())
    after: dict[int, list[int]] = defaultdict(list)
    last = -1
    row_of = {other: place for place, other in partner.items()}
    for other in range(len(right)):
        if other in taken:
            last = row_of[other]
        else:
            after[last].append(other)
    for place in range(-1, len(left)):
        if place in partner:
            one, two = left[place], right[partner[place]]
            constants = _changed_constants(one, two)
            yield AlignedLine(marks[place], to_line(one), to_line(two), constants)
        elif place >= 0:
            yield AlignedLine(LineMark.REMOVED, to_line(left[place]), None)
        for other in after[place]:
            yield AlignedLine(LineMark.ADDED, None, to_line(right[other]))


def _changed_constants(left: Statement, right: Statement) -> tuple[tuple[float, float], ...]:
    """Return the constants of two statements that differ, in order."""
    mine, theirs = (
        [arg.value for arg in statement.args if isinstance(arg, Const)]
        for statement in (left, right)
    )
    if len(mine) != len(theirs):
        return ()
    pairs = zip(mine, theirs, strict=True)
    return tuple((one, two) for one, two in pairs if to_float32(one) != to_float32(two))


def _listed_states(
    sides: Sequence[_Side], pairs: Pairs
) -> tuple[tuple[str | None, str | None], ...]:
    matched = [(name, pairs.get(name)) for name in sides[0].states]
    alone = [(None, name) for name in sides[1].states if name not in pairs.values()]
    return (*matched, *alone)


def _outputs(
    sides: Sequence[_Side], pairs: Pairs, values: _Numbers
) -> Iterator[tuple[str, str, bool]]:
    left, right = values.outputs
    for name, partner in {"": "", **pairs}.items():
        is_same = left[name] == right[partner]
        yield name or "update", partner or "update", is_same
