"""Differences between a program and a known optimizer, as English phrases."""

from collections import Counter

from lionhunt.dsl.classification.nearest import CommonTree, Deletion, Path
from lionhunt.dsl.classification.tree import (
    GRADIENT,
    GROWS,
    NEGATIVE,
    NUMBER_NODE,
    PRODUCT,
    SCHEDULE,
    SUMS,
    SUMS_UP,
    WEIGHTS,
    Node,
)
from lionhunt.dsl.classification.wording import describe_part, describe_states, leaf_labels

_SCALES = {SCHEDULE, NUMBER_NODE}
"""Leaves that only scale the other factors of their product."""


def describe_differences(nearest: CommonTree) -> list[str]:
    """Describe the parts that a program adds to a known optimizer, then those that it lacks."""
    around = [deletion for deletion in nearest.extra if _is_around_gradient(deletion)]
    phrases = []
    if around:
        functions = [d.whole.label for d in sorted(around, key=lambda d: d.kept.size)]
        phrases.append(f"the gradient goes through {', then '.join(functions)} first")
    phrases += [_phrase(deletion) for deletion in nearest.extra if deletion not in around]
    phrases += [f"also keeps {_a(name)}" for name in _lost(nearest.extra, nearest.common)]
    phrases += [_phrase(deletion, is_missing=True) for deletion in nearest.missing]
    phrases += [f"keeps no {name}" for name in _lost(nearest.missing, nearest.common)]
    return list(dict.fromkeys(phrases))


def _is_around_gradient(deletion: Deletion) -> bool:
    """Return True if the deletion is of a function that acts on the gradient first."""
    labels = leaf_labels(deletion.whole)
    is_function = deletion.removed is None and deletion.whole.label.isidentifier()
    return is_function and GRADIENT in labels and labels <= {GRADIENT, *_SCALES}


def _phrase(deletion: Deletion, is_missing: bool = False) -> str:
    program, whole, kept, removed = deletion
    if removed is None:
        return f"not so here: {_function(deletion)}" if is_missing else _function(deletion)
    if _is_decay(whole, removed, program):
        return "no weight decay" if is_missing else "with weight decay"
    negation = "not " if is_missing else ""
    rest, part = describe_part(kept, program), describe_part(removed, program)
    if whole.label == SUMS:
        return f"{_is(part)} {negation}added to {rest}"
    if removed.label == SCHEDULE:
        return f"{_is(rest)} {negation}scaled by the learning rate"
    if part.startswith("1 / "):
        return f"{_is(rest)} {negation}divided by {part.removeprefix('1 / ')}"
    return f"{_is(rest)} {negation}multiplied by {part}"


def _is(subject: str) -> str:
    """Return a subject followed by its form of "to be"."""
    return f"{subject} are" if subject == f"the {WEIGHTS}" else f"{subject} is"


def _is_decay(whole: Node, removed: Node, program: Node) -> bool:
    labels = leaf_labels(removed)
    return whole == program.children[0] and WEIGHTS in labels and labels <= {WEIGHTS, *_SCALES}


def _function(deletion: Deletion) -> str:
    """Describe a function that surrounds a part."""
    program, whole, kept, _ = deletion
    label, part = whole.label, describe_part(kept, program)
    if label == NEGATIVE:
        return f"{part} has the opposite sign"
    if label in (SUMS_UP, GROWS):
        return f"{part} {label} instead of decaying"
    if label.startswith("^"):
        return f"{_is(part)} raised to the power {label.removeprefix('^')}"
    update, *news = program.children
    passing = [
        f"the {state}"
        for state, new in zip(describe_states(program), news, strict=True)
        if whole == new or (whole in _directions(update) and whole in new.parts())
    ]
    if whole in _directions(update) and kept.label != WEIGHTS:
        passing.insert(0, "the update")
    if not passing:
        return f"{label} of {part}"
    return f"{' and '.join(passing)} pass{'es' if len(passing) == 1 else ''} through {label}"


def _directions(update: Node) -> list[Node]:
    """Return the factors of the update's addends."""
    addends = update.children if update.label == SUMS else (update,)
    return [
        factor
        for addend in addends
        for factor in (addend.children if addend.label == PRODUCT else (addend,))
    ]


def _lost(path: Path, common: Node) -> list[str]:
    """Return the descriptions of the states that the deletions of a path remove."""
    if not path:
        return []
    lost = Counter(describe_states(path[0].program)) - Counter(describe_states(common))
    return list(lost.elements())


def _a(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
