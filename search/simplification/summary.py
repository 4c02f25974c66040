"""Simplifications and derivations as plain dictionaries, which `--json` prints as they are.

Steps come from `search.simplification.simplifier`. A derivation adds answers to a sceptic:

- the known optimizer that the result is;
- the cost of its constants against the known ones;
- how often training met the guards of divisions and the conditions of rules;
- the cost of the whole way;
- what is left to believe.
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
from lionhunt.proxy_tasks.pytorch.task import TorchTask
from lionhunt.search.evaluation.evaluator import task_key
from lionhunt.search.evolution.hyperparameters import apply_tuning, untuned
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.simplification.measure import BaseFailed, Evidence, Measurer
from lionhunt.search.simplification.simplifier import (
    Refusal,
    SimplificationEvent,
    SimplificationStep,
    final_program,
)
from lionhunt.search.simplification.update_agreement import UpdateAgreement, compare_updates

RATIO_DIGITS = 3
"""Most digits of rounded factors whose product explains a known constant."""


def summarize_steps(program: Program, events: Sequence[SimplificationEvent]) -> dict[str, Any]:
    """Summarize the steps and the refused changes of a simplification."""
    result = final_program(program, events)
    return {
        "program": str(program),
        "statements": len(program.statements),
        "steps": [
            summarize_step(event) for event in events if isinstance(event, SimplificationStep)
        ],
        "kept": [_summarize_refusal(event) for event in events if isinstance(event, Refusal)],
        "result": str(result),
        "result_statements": len(result.statements),
        "states": len(result.states),
    }


def summarize_measuring(measurer: Measurer | None) -> dict[str, Any] | None:
    """Summarize the tasks, seeds and limits of measurements; None without a measurer."""
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
    """Summarize the nearest known optimizers; `equals` names one that is equal up to constants."""
    classification = classify(program)
    is_same = classification.likeness is Likeness.SAME
    return {
        "equals": classification.optimizers[0] if is_same else None,
        "likeness": classification.likeness.value,
        "nearest": list(classification.optimizers),
        "differences": list(classification.differences),
        "constants": classification.constants,
    }


def summarize_change(
    before: Program, after: Program, measurer: Measurer | None
) -> dict[str, Any] | None:
    """Measure and summarize the cost of a whole simplification, with all seeds.

    The losses of single steps add up, so the whole needs a measurement of its own. The result is
    None without a measurer, or if a training of the first program fails.
    """
    if measurer is None:
        return None
    try:
        return summarize_evidence(measurer.compare(before, after))
    except BaseFailed:
        return None


def summarize_constants(
    result: Program, events: Sequence[SimplificationEvent], known: str, measurer: Measurer | None
) -> dict[str, Any]:
    """Summarize the constants of a program beside those of the known optimizer.

    Args:
        result: a program that is `known` up to constants.
        events: its derivation, which may have multiplied constants.
        known: name in the library.
        measurer: measures the program with each of the known constants in its place.

    Returns:
        The constants, and `is_checked`: the polynomial normal form of the program with the known
        constants is that of the known optimizer.
    """
    match = match_constants(result, library.load(known))
    described = []
    for role, value in _constants_by_role(result).items():
        other = (match or {}).get(value)
        evidence = None
        if measurer is not None and other is not None and other != value:
            measurer.announce(f"the known optimizer, {role} {other} instead of {value}")
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
    justifications: Collection[Justification],
) -> dict[str, Any]:
    """Count and summarize the differences between a program and its rewritten form in training.

    Args:
        program: the program before rewriting; it trains on every task with the first seed.
        config: tasks and seed.
        learning_rate: factor of the updates.
        justifications: of the rewriting rules that may be applied.
    """
    program = drop_redundant(program)
    rewriting = rewrite(program, justifications, max_seconds=config.rewrite_seconds)
    watched = {term: None for step in rewriting.steps for term in step.watched}
    names = [to_expression(term) for term in watched]
    tasks = []
    for index, options in enumerate(config.tasks if rewriting.steps else ()):
        task = options.build()
        # Its trainings count, but their updates are not watched.
        if isinstance(task, TorchTask):
            continue
        key = task_key(config.first_seed, index)
        lead, other = (
            apply_tuning(each, untuned(each, learning_rate))
            for each in (program, rewriting.program)
        )
        agreement = compare_updates(task, key, lead, other, list(watched))
        tasks.append({"task": task.name, **_summarize_agreement(agreement, names)})
    return {
        "polynomial_forms_agree": rewriting.is_confirmed,
        "stopped": rewriting.stopped,
        "watched": names,
        "tasks": tasks,
    }


def summarize_obligations(described: dict[str, Any]) -> list[str]:
    """Return the unproven parts of a derivation, one sentence each."""
    steps = described["steps"]
    left = [
        f"{step['rule']}: {step['condition'] or 'the divisor outweighs its guard of 1e-8'}"
        for step in steps
        if step["warrant"]
        in (Justification.PROTECTED, Justification.CONDITIONAL, Justification.SETTLED)
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
    """Summarize the measurements of a change; losses are shares of the score before."""
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
    """Summarize one step."""
    return {
        "kind": step.kind,
        "rule": step.rule,
        "warrant": str(step.justification),
        "condition": step.condition,
        "before": step.before,
        "after": step.after,
        "difference": step.difference,
        "evidence": summarize_evidence(step.evidence),
        "statements": step.num_statements,
        "program": str(step.program),
    }


def _summarize_refusal(refusal: Refusal) -> dict[str, Any]:
    evidence = summarize_evidence(refusal.evidence)
    return {"kind": refusal.kind, "rule": refusal.rule, "evidence": evidence}


def _summarize_agreement(agreement: UpdateAgreement, names: Sequence[str]) -> dict[str, Any]:
    values = [value._asdict() for value in agreement.values]
    return {
        "steps": agreement.num_steps,
        "parameters": agreement.num_parameters,
        "total": agreement.total,
        "updates": agreement.updates._asdict(),
        "values": dict(zip(names, values, strict=True)),
    }


def _constants_by_role(program: Program) -> dict[str, float]:
    constants = name_constants(trace(program), ProgramDoc()).constants
    return {constant.name: float(number_text(constant.value)) for constant in constants}


def _origin(value: float, known: float | None, events: Sequence[SimplificationEvent]) -> str:
    """Return the product that a constant comes from, and if the known constant is its rounding."""
    for event in events:
        factors = re.fullmatch(r"(\S+) \* (\S+)", getattr(event, "before", ""))
        if not isinstance(event, SimplificationStep) or not factors:
            continue
        try:
            first, second = map(float, factors.groups())
        except ValueError:
            # A factor is a variable.
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
