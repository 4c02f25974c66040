"""The simplifier: a sequence of steps that shorten a program, each with its justification.

Proven steps come first, since they cost nothing and leave less to measure. They drop redundant
statements and dead states, then rewrite. Next, as in the paper, functions go whose removal costs
nothing measurable, one by one, the smallest loss first. Then constants lose digits that have no
measurable effect. Last, variables get the names of their roles.
"""

import dataclasses
import itertools
from collections.abc import Callable, Collection, Iterator, Sequence

from lionhunt.dsl.analysis.constant_states import find_constant_states
from lionhunt.dsl.analysis.liveness import simplify as drop_redundant
from lionhunt.dsl.classification.variable_roles import name_by_role
from lionhunt.dsl.edits.ablations import list_removals
from lionhunt.dsl.edits.constant_states import replace_states
from lionhunt.dsl.edits.constants import constants_of
from lionhunt.dsl.edits.rounding import list_roundings, shorten
from lionhunt.dsl.edits.state_merging import merge_equal_states
from lionhunt.dsl.program import Program, to_line
from lionhunt.dsl.rewriting import Justification, rewrite
from lionhunt.search.simplification.measure import ChangeVerdict, Evidence, Measurer


@dataclasses.dataclass(frozen=True)
class SimplificationStep:
    """One change of a program, with its justification.

    Attributes:
        kind: "redundant", "dead state", "constant state", "equal states", "rewrite", "search",
            "remove", "round" or "name".
        rule: the change in a few words; the rule of a rewriting.
        justification: "exact", "algebraic", "protected", "conditional", "settled" or "measured".
        before, after: the changed part.
        program: the whole program after the step.
        condition: the condition of the step, in words; empty for none.
        difference: for rewriting, the largest relative difference of the updates in float32.
        evidence: the measurements of a measured step.
    """

    kind: str
    rule: str
    justification: str
    before: str
    after: str
    program: Program
    condition: str = ""
    difference: float | None = None
    evidence: Evidence | None = None

    @property
    def num_statements(self) -> int:
        return len(self.program.statements)


@dataclasses.dataclass(frozen=True)
class Refusal:
    """A change that was measured and not made.

    Attributes:
        kind, rule: as for a step.
        evidence: its measurements.
    """

    kind: str
    rule: str
    evidence: Evidence


SimplificationEvent = SimplificationStep | Refusal


@dataclasses.dataclass(frozen=True)
class Simplifier:
    """The steps of a simplification.

    Attributes:
        justifications: of the rewriting rules that may be applied.
        measurer: None for proven steps alone.
        rewrite_seconds: time limit of each rewriting.
        suggest: returns shorter programs that may be as good, the shortest first. The first one
            that is harmless is taken, before functions are removed one by one.
    """

    justifications: Collection[Justification]
    measurer: Measurer | None
    rewrite_seconds: float
    suggest: Callable[[Program], Sequence[Program]] | None = None

    def run(self, program: Program) -> Iterator[SimplificationEvent]:
        """Yield the steps and refusals; each step starts from the program of the one before."""
        for stage in (
            self.drop,
            self.shorten_constants,
            self.rewrite,
            self.take_suggestion,
            self.remove,
            self.round,
        ):
            for event in stage(program):
                yield event
                if isinstance(event, SimplificationStep):
                    program = event.program
        named = name_by_role(program)
        if named != program:
            yield SimplificationStep(
                "name", "variables named by role", Justification.EXACT, "", "", named
            )

    def drop(self, program: Program) -> Iterator[SimplificationStep]:
        """Drop redundant statements, then dead states with their statements."""
        within = drop_redundant(program, across_steps=False)
        if within != program:
            yield _drop("redundant", "statements that no output depends on", program, within)
        across = drop_redundant(within)
        if across != within:
            dead = ", ".join(name for name in within.states if name not in across.states)
            rule = f"dead state: no update of this or a later step depends on {dead}"
            yield _drop("dead state", rule, within, across)
        settled = across
        for step in self.settle(across):
            yield step
            settled = step.program
        yield from self.merge(settled)

    def settle(self, program: Program) -> Iterator[SimplificationStep]:
        """Replace states that hold one number by it: at every step, then after the first steps."""
        for justification in (Justification.EXACT, Justification.SETTLED):
            if justification not in self.justifications:
                continue
            for name, (value, num_steps) in find_constant_states(program).items():
                if (justification is Justification.EXACT) != (num_steps == 0):
                    continue
                shorter = replace_states(program, {name: value})
                if shorter == program:
                    continue
                when, condition = "at every step", ""
                if num_steps:
                    first = "the first step" if num_steps == 1 else f"the first {num_steps} steps"
                    when = f"at every step after {first}"
                    condition = f"{first} may differ: {name} holds another number there"
                rule = f"constant state: {name} holds {value:g} {when}"
                step = _drop("constant state", rule, program, shorter)
                yield dataclasses.replace(step, justification=justification, condition=condition)
                yield from self.settle(shorter)
                return

    def merge(self, program: Program) -> Iterator[SimplificationStep]:
        """Merge states that hold equal values at every step."""
        merged = merge_equal_states(program)
        if merged != program:
            gone = ", ".join(name for name in program.states if name not in merged.states)
            rule = f"equal states: {gone} holds what another state holds, at every step"
            yield _drop("equal states", rule, program, merged)

    def shorten_constants(self, program: Program) -> Iterator[SimplificationStep]:
        """Replace constants by the shortest decimals of their float32."""
        short = shorten(program)
        if short != program:
            before, after = _changed_lines(program, short)
            rule = "the shortest decimals of the same float32"
            yield SimplificationStep("round", rule, Justification.EXACT, before, after, short)

    def rewrite(self, program: Program) -> Iterator[SimplificationStep]:
        """Rewrite the program into a shorter one that computes the same."""
        rewriting = rewrite(program, self.justifications, max_seconds=self.rewrite_seconds)
        for step in rewriting.steps:
            yield SimplificationStep(
                "rewrite",
                step.rule,
                step.justification,
                step.before,
                step.after,
                step.program,
                step.condition,
                step.difference,
            )
        for step in itertools.chain(self.settle(rewriting.program), self.merge(rewriting.program)):
            yield step
            yield from self.rewrite(step.program)
            return

    def take_suggestion(self, program: Program) -> Iterator[SimplificationEvent]:
        """Take the shortest suggested program that costs nothing measurable, if any."""
        measurer = self.measurer
        if measurer is None or self.suggest is None:
            return
        for suggested in self.suggest(program):
            num_statements = len(suggested.statements)
            rule = f"{num_statements} statements that a search without insertion found"
            measurer.announce(f"a closer look: {rule}")
            evidence = measurer.confirm(program, suggested)
            if evidence.verdict is ChangeVerdict.HARMLESS:
                before = f"{len(program.statements)} statements"
                after = f"{num_statements} statements"
                step = SimplificationStep(
                    "search",
                    rule,
                    Justification.MEASURED,
                    before,
                    after,
                    suggested,
                    evidence=evidence,
                )
                yield step
                yield from self.rewrite(step.program)
                return
            yield Refusal("search", rule, evidence)

    def remove(self, program: Program) -> Iterator[SimplificationEvent]:
        """Remove functions whose removal costs nothing measurable, until there is none."""
        if self.measurer is None:
            return
        for number in itertools.count(1):
            removed, refused = _remove_one(program, self.measurer, f"removal {number}")
            if removed is None:
                yield from refused
                return
            yield removed
            program = removed.program
            for step in self.rewrite(program):
                yield step
                program = step.program

    def round(self, program: Program) -> Iterator[SimplificationEvent]:
        """Round constants, one by one, to the fewest digits that cost nothing measurable."""
        if self.measurer is None:
            return
        rounded = program
        constants = constants_of(program)
        for number, constant in enumerate(constants, start=1):
            place = f"constant {number} of {len(constants)}"
            for event in _round_one(rounded, constant, self.measurer, place):
                yield event
                if isinstance(event, SimplificationStep):
                    rounded = event.program
        # A constant that became 1 may be redundant.
        if rounded != program:
            yield from self.rewrite(rounded)


def _remove_one(
    program: Program, measurer: Measurer, place: str
) -> tuple[SimplificationStep | None, list[Refusal]]:
    """Return the harmless removal of the smallest loss, or the refusals if there is none."""
    candidates = list_removals(program)
    measurer.announce(f"{place}, a first look at {len(candidates)} functions")
    looks = measurer.screen(program, [candidate.program for candidate in candidates])
    refused = []
    for i in sorted(range(len(candidates)), key=lambda i: looks[i].worst_loss):
        statement, kept, shorter = candidates[i]
        rule = f"remove {statement}, keep {kept}"
        evidence = _look_closer(program, shorter, looks[i], rule, measurer, place)
        if evidence.verdict is ChangeVerdict.HARMLESS:
            return SimplificationStep(
                "remove", rule, Justification.MEASURED, statement, kept, shorter, evidence=evidence
            ), []
        refused.append(Refusal("remove", rule, evidence))
    return None, refused


def _round_one(
    program: Program, constant: float, measurer: Measurer, place: str
) -> Iterator[SimplificationEvent]:
    """Yield the rounding to the fewest harmless digits, after the refusals of fewer digits."""
    for _, old, new, changed in list_roundings(program, constant):
        rule = f"round {old} to {new}"
        measurer.announce(f"{place}, a first look: {rule}")
        (look,) = measurer.screen(program, [changed])
        evidence = _look_closer(program, changed, look, rule, measurer, place)
        if evidence.verdict is ChangeVerdict.HARMLESS:
            before, after = _changed_lines(program, changed)
            yield SimplificationStep(
                "round", rule, Justification.MEASURED, before, after, changed, evidence=evidence
            )
            return
        yield Refusal("round", rule, evidence)


def _look_closer(
    program: Program, changed: Program, look: Evidence, rule: str, measurer: Measurer, place: str
) -> Evidence:
    """Return the evidence on a change: the first look if it is harmful, else closer looks."""
    if look.verdict is ChangeVerdict.HARMFUL:
        return look
    measurer.announce(f"{place}, a closer look: {rule}")
    return measurer.confirm(program, changed)


def _changed_lines(before: Program, after: Program) -> tuple[str, str]:
    """Return the statements that differ between two programs of one structure."""
    pairs = zip(before.statements, after.statements, strict=True)
    changed = [(to_line(old), to_line(new)) for old, new in pairs if old != new]
    return "; ".join(old for old, _ in changed), "; ".join(new for _, new in changed)


def _drop(kind: str, rule: str, before: Program, after: Program) -> SimplificationStep:
    kept = [to_line(statement) for statement in after.statements]
    gone = []
    for statement in map(to_line, before.statements):
        if kept and statement == kept[0]:
            kept.pop(0)
        else:
            gone.append(statement)
    return SimplificationStep(kind, rule, Justification.EXACT, "; ".join(gone), "", after)


def final_program(program: Program, events: Sequence[SimplificationEvent]) -> Program:
    """Return the program of the last step; the given program if there is no step."""
    steps = [event for event in events if isinstance(event, SimplificationStep)]
    return steps[-1].program if steps else program
