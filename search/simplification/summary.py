"""From a program as it was found to one that a person reads, and everything that warrants it.

The result is a plain dictionary; `--json` prints it as it is. Steps come from
`search.simplification.simplifier`. A derivation adds what a sceptic asks: which known optimizer the result is,
what its constants cost against the known ones, where the guards of divisions and the conditions of
rules were met in training, what the whole way cost, and what is left to believe.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any

from lionhunt.dsl import library
from lionhunt.dsl.analysis.liveness import simplify as drop_redundant
from lionhunt.dsl.classification.classifier import Likeness, classify
from lionhunt.dsl.classification.constant_matching import match_constants
from lionhunt.dsl.edits.constants import replace_constants
from lionhunt.dsl.export.constant_names import name_constants
from lionhunt.dsl.export.dataflow import trace
from lionhunt.dsl.float32 import number_text
from lionhunt.dsl.program import Program
from lionhunt.dsl.rewriting import Justification, rewrite
from lionhunt.dsl.rewriting.terms import to_expression
from lionhunt.dsl.text.docstring import ProgramDoc
from lionhunt.search.evaluation.evaluator import task_key
from lionhunt.search.evolution.hyperparameters import apply_tuning, untuned
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.simplification.measure import BaseFailed, Evidence, Measurer
from lionhunt.search.simplification.simplifier import Event, Refusal, SimplificationStep, final
from lionhunt.search.simplification.update_agreement import Shadow, shadow

RATIO_DIGITS = 3
"""Digits to which the factors of a product are rounded, at most, to explain a known constant."""


def summarize_steps(program: Program, events: Sequence[Event]) -> dict[str, Any]:
    """What a simplification did, and what it tried and did not do."""
    result = final(program, events)
    return {
        "program": str(program),
        "statements": len(program.statements),
        "steps": [
            summarize_step(event) for event in events if isinstance(event, SimplificationStep)
        ],
        "kept": [_describe_refusal(event) for event in events if isinstance(event, Refusal)],
        "result": str(result),
        "result_statements": len(result.statements),
        "states": len(result.states),
    }


def summarize_measuring(measurer: Measurer | None) -> dict[str, Any] | None:
    """On what changes were measured; None if nothing was."""
    if measurer is None:
        return None
    return {
        "tasks": [task._asdict() for task in measurer.tasks],
        "first_seed": measurer.first_seed,
        "seeds": list(measurer.num_seeds),
        "tolerance": measurer.tolerance,
        "learning_rate": measurer.learning_rate,
        "trainings": measurer.num_trainings,
    }


def summarize_classification(program: Program) -> dict[str, Any]:
    """Which known optimizer a program is: `equals` names the one that it is up to constants."""
    found = classify(program)
    is_same = found.likeness is Likeness.SAME
    return {
        "equals": found.optimizers[0] if is_same else None,
        "likeness": found.likeness.value,
        "nearest": list(found.optimizers),
        "differences": list(found.differences),
        "constants": found.constants,
    }


def summarize_change(
    before: Program, after: Program, measurer: Measurer | None
) -> dict[str, Any] | None:
    """What the way from one program to another costs, with all seeds: losses of steps add up.

    None if nothing is measured, or the first program finds no score with one of the seeds.
    """
    if measurer is None:
        return None
    try:
        return summarize_evidence(measurer.compare(before, after))
    except BaseFailed:
        return None


def summarize_constants(
    result: Program, events: Sequence[Event], known: str, measurer: Measurer | None
) -> dict[str, Any]:
    """The constants of a program beside those of the known optimizer that it is.

    Args:
        result: that is `known` up to constants.
        events: how it came about, of which a product of constants is remembered.
        known: name in the library.
        measurer: measures the program with each of the known constants in its place.

    Returns:
        Whether the program with the known constants is the known one, by its polynomial normal
        form; and the constants.
    """
    match = match_constants(result, library.load(known))
    described = []
    for role, value in _constants_by_role(result).items():
        other = (match or {}).get(value)
        evidence = None
        if measurer is not None and other is not None and other != value:
            measurer.say(f"{role} {other} instead of {value}")
            changed = replace_constants(result, {value: other})
            evidence = summarize_change(result, changed, measurer)
        described.append(
            {
                "role": role,
                "value": value,
                "known": other,
                "origin": _origin(value, other, events),
                "evidence": evidence,
            }
        )
    return {"is_checked": match is not None, "constants": described}


def summarize_differences(
    program: Program,
    config: SimplifyConfig,
    learning_rate: float,
    warrants: Collection[Justification],
) -> dict[str, Any]:
    """Where the rewritten program differs from the one before, counted while that trains.

    Args:
        program: what is rewritten; it trains on every task with the first seed.
        config: tasks and seed.
        learning_rate: multiplies the updates.
        warrants: of the rewriting.
    """
    program = drop_redundant(program)
    found = rewrite(program, warrants, max_seconds=config.rewrite_seconds)
    watched = {term: None for step in found.steps for term in step.watched}
    names = [to_expression(term) for term in watched]
    tasks = []
    for index, options in enumerate(config.tasks if found.steps else ()):
        task = options.build()
        key = task_key(config.first_seed, index)
        lead, other = (
            apply_tuning(each, untuned(each, learning_rate)) for each in (program, found.program)
        )
        counts = shadow(task, key, lead, other, list(watched))
        tasks.append({"task": task.name, **_describe_shadow(counts, names)})
    return {
        "polynomial_forms_agree": found.is_confirmed,
        "stopped": found.stopped,
        "watched": names,
        "tasks": tasks,
    }


def summarize_obligations(described: dict[str, Any]) -> list[str]:
    """What is left to believe, in sentences."""
    steps = described["steps"]
    left = [
        f"{step['rule']}: {step['condition'] or 'the divisor outweighs its guard of 1e-8'}"
        for step in steps
        if step["warrant"] in (Justification.PROTECTED, Justification.CONDITIONAL)
    ]
    measured = [step for step in steps if step["evidence"]]
    if measured:
        left.append(
            f"{len(measured)} measured steps hold for the tasks, seeds and tolerance named here, "
            "and say nothing of larger models"
        )
    left += [
        f"{step['rule']}: a loss of {task['loss']['mean']:+.2%} was seen on {task['task']}; it is "
        "real, and below the tolerance"
        for step in measured
        for task in step["evidence"]["tasks"]
        if task["loss"]["low"] > 0
    ]
    differences = described.get("differences_in_training")
    if differences and not differences["polynomial_forms_agree"]:
        left.append("the polynomial normal forms do not confirm the rewriting; they see less of it")
    if differences and differences["stopped"] != "saturated":
        left.append(
            f"the search for a shorter form ended at its limit of {differences['stopped']}; "
            "there may be one"
        )
    return left


def summarize_evidence(evidence: Evidence | None) -> dict[str, Any] | None:
    """A measurement; shares are of the score before."""
    if evidence is None:
        return None
    return {
        "verdict": evidence.verdict.value,
        "tasks": [
            paired._asdict() | {"loss": paired.loss._asdict() if paired.loss else None}
            for paired in evidence.tasks
        ],
    }


def summarize_step(step: SimplificationStep) -> dict[str, Any]:
    """One step."""
    return {
        "kind": step.kind,
        "rule": step.rule,
        "warrant": str(step.warrant),
        "condition": step.condition,
        "before": step.before,
        "after": step.after,
        "difference": step.difference,
        "evidence": summarize_evidence(step.evidence),
        "statements": step.num_statements,
        "program": str(step.program),
    }


def _describe_refusal(refusal: Refusal) -> dict[str, Any]:
    evidence = summarize_evidence(refusal.evidence)
    return {"kind": refusal.kind, "rule": refusal.rule, "evidence": evidence}


def _describe_shadow(counts: Shadow, names: Sequence[str]) -> dict[str, Any]:
    values = [value._asdict() for value in counts.values]
    return {
        "steps": counts.num_steps,
        "parameters": counts.num_parameters,
        "total": counts.total,
        "updates": counts.updates._asdict(),
        "values": dict(zip(names, values, strict=True)),
    }


def _constants_by_role(program: Program) -> dict[str, float]:
    constants = name_constants(trace(program), ProgramDoc()).constants
    return {constant.name: float(number_text(constant.value)) for constant in constants}


def _origin(value: float, known: float | None, events: Sequence[Event]) -> str:
    """Of which product a constant comes, and whether the known one is that product rounded."""
    for event in events:
        factors = re.fullmatch(r"(\S+) \* (\S+)", getattr(event, "before", ""))
        if not isinstance(event, SimplificationStep) or not factors:
            continue
        try:
            first, second = map(float, factors.groups())
        except ValueError:  # no product of numbers
            continue
        product = first * second
        if abs(product - value) > 1e-3 * abs(value):
            continue
        text = f"{first:g} * {second:g} = {product:.6g}"
        for digits in range(1, RATIO_DIGITS + 1):
            rounded = [float(f"{factor:.{digits}g}") for factor in (first, second)]
            if known is not None and f"{rounded[0] * rounded[1]:.9g}" == f"{known:.9g}":
                return (
                    f"{text}; the known {known:g} is {rounded[0]:g} * {rounded[1]:g}, the same "
                    "product of rounded factors: a rounding, not an identity"
                )
        return text
    return ""
