"""Crossover: a run of statements of a second parent is spliced into the first.

The run is contiguous among the second parent's live statements before the step. Its last result
replaces a variable of the child that is read later, so the child computes something else. The
paper has no crossover; Brameier and Banzhaf, 2007, describe that of linear programs.
"""

import dataclasses
import random
from collections.abc import Mapping

from lionhunt.dsl.analysis.liveness import find_live
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Arg, Program, Statement, Var
from lionhunt.dsl.validation import advance, infer, input_kinds
from lionhunt.search.evolution.step import INSIDE, Step

MAX_SPLICED = 8
"""Statements that are spliced at most."""


def crossover(
    program: Program,
    other: Program,
    rng: random.Random,
    *,
    step: Step = INSIDE,
    max_statements: int | None = None,
) -> Program | None:
    """Return a program with a run of statements of another.

    A variable that the run reads keeps its name if the program has one of that name and kind there.
    Otherwise it becomes a random one of that kind. A result within the run gets a new name. The
    last result takes the name of a variable of its kind that the program reads later. Its own name
    comes first, then a random one.

    Args:
        program: the first parent; the child has its inputs, its outputs and its step.
        other: the second parent; it ends with the same step.
        rng: the source of all randomness.
        step: protected end of both.
        max_statements: the longest child; None for no limit.

    Returns:
        None if the draw fits nowhere: draw again.
    """
    needed, _ = find_live(other)
    donors = [i for i in range(len(other.statements) - step.num_statements) if needed[i]]
    if not donors:
        return None
    first = rng.randrange(len(donors))
    run = donors[first : first + rng.randint(1, MAX_SPLICED)]
    position = rng.randrange(len(program.statements) - step.num_statements + 1)
    if max_statements is not None and len(program.statements) + len(run) > max_statements:
        return None
    kinds = input_kinds(program)
    advance(kinds, program, 0, position)
    readable = {name: kind for name, kind in kinds.items() if name not in step.unread}
    of_other = input_kinds(other)
    advance(of_other, other, 0, run[0])
    names: dict[str, str] = {}
    taken = {*program.inputs, *(statement.target for statement in program.statements)}
    spliced = []
    done = run[0]
    for index in run:
        # Redundant statements between those of the run are left out.
        advance(of_other, other, done, index)
        statement = other.statements[index]
        args: list[Arg] = []
        for arg in statement.args:
            if isinstance(arg, Var):
                if arg.name not in names:
                    name = _choose(arg.name, of_other[arg.name], readable, rng)
                    if name is None:
                        return None
                    names[arg.name] = name
                arg = Var(names[arg.name])
            args.append(arg)
        advance(of_other, other, index, index + 1)
        done = index + 1
        target = statement.target
        if index == run[-1]:
            read_later = live_at(program, position) - step.unassigned
            later = {name: kind for name, kind in kinds.items() if name in read_later}
            name = _choose(target, of_other[target], later, rng)
            if name is None:
                return None
        else:
            name = _new_name(taken)
            taken.add(name)
        names[target] = name
        spliced.append(Statement(name, statement.op, tuple(args)))
    before, after = program.statements[:position], program.statements[position:]
    child = dataclasses.replace(program, statements=(*before, *spliced, *after))
    infer(child)
    return child


def live_at(program: Program, position: int) -> set[str]:
    """Return the variables whose value before a statement the update depends on, now or later.

    Args:
        program: a valid program.
        position: of the statement.
    """
    needed, states = find_live(program)
    next_states = dict(zip(program.states, program.outputs[1:], strict=True))
    kept = [program.outputs[0], *(next_states[name] for name in states)]
    live = {output.name for output in kept if isinstance(output, Var)}
    for index in range(len(program.statements) - 1, position - 1, -1):
        if needed[index]:
            statement = program.statements[index]
            live.discard(statement.target)
            live.update(arg.name for arg in statement.args if isinstance(arg, Var))
    return live


def _choose(name: str, kind: Kind, kinds: Mapping[str, Kind], rng: random.Random) -> str | None:
    """Return a variable of a kind: that of the same name, else a random one; None without any."""
    if kinds.get(name) is kind:
        return name
    names = [each for each, own in kinds.items() if own is kind]
    return rng.choice(names) if names else None


def _new_name(taken: set[str]) -> str:
    """Return the first of v1, v2, ... that no variable has."""
    number = 1
    while f"v{number}" in taken:
        number += 1
    return f"v{number}"
