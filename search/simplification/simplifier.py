"""Simplifying a program: what it does not need, what costs nothing to lose, and what is written in
more words than it takes. Every step keeps its warrant.

Proven steps come first, since they cost nothing and leave less to measure: redundant statements
and dead states, then rewriting. Then, as the paper does, functions whose removal costs nothing
measurable go one by one, the smallest loss first; then constants lose the digits that do nothing;
last, variables get the names of what they hold.
"""

import dataclasses
from collections.abc import Callable, Collection, Iterator, Sequence

from lionhunt.dsl.analysis.liveness import simplify as drop_redundant
from lionhunt.dsl.classification.variable_roles import name_by_role
from lionhunt.dsl.edits.ablations import removals
from lionhunt.dsl.edits.constants import constants_of
from lionhunt.dsl.edits.rounding import roundings, shorten
from lionhunt.dsl.edits.state_merging import merge_equal_states
from lionhunt.dsl.program import Program, to_line
from lionhunt.dsl.rewriting import Justification, rewrite
from lionhunt.search.simplification.measure import ChangeVerdict, Evidence, Measurer

MEASURED = Justification.MEASURED
"""The justification of measured steps."""


@dataclasses.dataclass(frozen=True)
class SimplificationStep:
    """One change of a program, and why it may be made.

    Attributes:
        kind: what sort of change: "redundant", "dead state", "equal states", "rewrite", "search",
            "remove", "round", "name".
        rule: what was done, in a few words; the rule for a rewriting.
        warrant: "exact", "algebraic", "protected", "conditional" or "measured".
        before, after: what changed.
        program: the whole, after it.
        condition: what has to hold for it, in words; empty if nothing has to.
        difference: the largest relative difference of the updates seen in float32, for rewriting.
        evidence: for what was measured.
    """

    kind: str
    rule: str
    warrant: str
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
    """A change that was measured, and not made.

    Attributes:
        kind, rule: as of a step.
        evidence: why not.
    """

    kind: str
    rule: str
    evidence: Evidence


Event = SimplificationStep | Refusal


@dataclasses.dataclass(frozen=True)
class Simplifier:
    """Simplifies programs.

    Attributes:
        warrants: of the rewriting that may be done.
        measurer: None does nothing that has to be measured.
        rewrite_seconds: wall clock for each rewriting.
        suggest: shorter programs that may be as good, the shortest first; the first one that is
            measured to be harmless is taken before functions are removed one by one.
    """

    warrants: Collection[Justification]
    measurer: Measurer | None
    rewrite_seconds: float
    suggest: Callable[[Program], Sequence[Program]] | None = None

    def run(self, program: Program) -> Iterator[Event]:
        """The steps, in order; each starts from the program of the one before."""
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
        """What no output needs, and then what only a state needs that no update depends on."""
        within = drop_redundant(program, across_steps=False)
        if within != program:
            yield _drop("redundant", "statements that no output depends on", program, within)
        across = drop_redundant(within)
        if across != within:
            dead = ", ".join(name for name in within.states if name not in across.states)
            rule = f"dead state: no update of this or a later step depends on {dead}"
            yield _drop("dead state", rule, within, across)
        yield from self.merge(across)

    def merge(self, program: Program) -> Iterator[SimplificationStep]:
        """One state for all that hold the same at every step."""
        merged = merge_equal_states(program)
        if merged != program:
            gone = ", ".join(name for name in program.states if name not in merged.states)
            rule = f"equal states: {gone} holds what another state holds, at every step"
            yield _drop("equal states", rule, program, merged)

    def shorten_constants(self, program: Program) -> Iterator[SimplificationStep]:
        """Constants without the digits that do nothing at all."""
        short = shorten(program)
        if short != program:
            before, after = _changed_lines(program, short)
            rule = "the shortest decimals of the same float32"
            yield SimplificationStep("round", rule, Justification.EXACT, before, after, short)

    def rewrite(self, program: Program) -> Iterator[SimplificationStep]:
        """Fewer statements that compute the same."""
        found = rewrite(program, self.warrants, max_seconds=self.rewrite_seconds)
        for step in found.steps:
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
        for step in self.merge(found.program):
            yield step
            yield from self.rewrite(step.program)

    def take_suggestion(self, program: Program) -> Iterator[Event]:
        """The shortest suggested program that costs nothing measurable, if there is one."""
        measurer = self.measurer
        if measurer is None or self.suggest is None:
            return
        for suggested in self.suggest(program):
            num_statements = len(suggested.statements)
            rule = f"{num_statements} statements that a search without insertion found"
            measurer.say(f"a closer look: {rule}")
            evidence = measurer.confirm(program, suggested)
            if evidence.verdict is ChangeVerdict.HARMLESS:
                before = f"{len(program.statements)} statements"
                after = f"{num_statements} statements"
                step = SimplificationStep(
                    "search", rule, MEASURED, before, after, suggested, evidence=evidence
                )
                yield step
                yield from self.rewrite(step.program)
                return
            yield Refusal("search", rule, evidence)

    def remove(self, program: Program) -> Iterator[Event]:
        """Functions whose removal costs nothing measurable, until there is none."""
        if self.measurer is None:
            return
        while True:
            removed, refused = _remove_one(program, self.measurer)
            if removed is None:
                yield from refused
                return
            yield removed
            program = removed.program
            for step in self.rewrite(program):
                yield step
                program = step.program

    def round(self, program: Program) -> Iterator[Event]:
        """Constants with the fewest digits that cost nothing measurable, one by one."""
        if self.measurer is None:
            return
        rounded = program
        for constant in constants_of(program):
            for event in _round_one(rounded, constant, self.measurer):
                yield event
                if isinstance(event, SimplificationStep):
                    rounded = event.program
        if rounded != program:  # a number that became 1 may do nothing any more
            yield from self.rewrite(rounded)


def _remove_one(
    program: Program, measurer: Measurer
) -> tuple[SimplificationStep | None, list[Refusal]]:
    """The removal with the smallest loss that is harmless, or why there is none."""
    candidates = removals(program)
    measurer.say(f"a first look at {len(candidates)} removals")
    looks = measurer.screen(program, [candidate.program for candidate in candidates])
    refused = []
    for i in sorted(range(len(candidates)), key=lambda i: looks[i].worst_loss):
        statement, kept, shorter = candidates[i]
        rule = f"remove {statement}, keep {kept}"
        evidence = _look_closer(program, shorter, looks[i], rule, measurer)
        if evidence.verdict is ChangeVerdict.HARMLESS:
            return SimplificationStep(
                "remove", rule, MEASURED, statement, kept, shorter, evidence=evidence
            ), []
        refused.append(Refusal("remove", rule, evidence))
    return None, refused


def _round_one(program: Program, constant: float, measurer: Measurer) -> Iterator[Event]:
    """One constant with the fewest digits that cost nothing measurable, and what cost too much."""
    for _, old, new, changed in roundings(program, constant):
        rule = f"round {old} to {new}"
        measurer.say(rule)
        (look,) = measurer.screen(program, [changed])
        evidence = _look_closer(program, changed, look, rule, measurer)
        if evidence.verdict is ChangeVerdict.HARMLESS:
            before, after = _changed_lines(program, changed)
            yield SimplificationStep(
                "round", rule, MEASURED, before, after, changed, evidence=evidence
            )
            return
        yield Refusal("round", rule, evidence)


def _look_closer(
    program: Program, changed: Program, look: Evidence, rule: str, measurer: Measurer
) -> Evidence:
    """What decides on a change: the first look if it shows harm, or else more seeds."""
    if look.verdict is ChangeVerdict.HARMFUL:
        return look
    measurer.say(f"a closer look: {rule}")
    return measurer.confirm(program, changed)


def _changed_lines(before: Program, after: Program) -> tuple[str, str]:
    """The statements that differ between two programs of one form."""
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


def final(program: Program, events: Sequence[Event]) -> Program:
    """What the events made of a program."""
    return [program, *(event.program for event in events if isinstance(event, SimplificationStep))][
        -1
    ]
