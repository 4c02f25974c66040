"""Descriptions of parts of a skeleton: its states and its expressions."""

from lionhunt.dsl.classification.tree import (
    GRADIENT,
    LEFT_OUT,
    NEGATIVE,
    NEXT,
    NUMBER_NODE,
    PRODUCT,
    SCHEDULE,
    SUMS,
    SUMS_UP,
    WEIGHTS,
    Node,
)

MAX_SIZE = 12
"""Limit on the nodes of a part that is written out."""


def leaf_labels(tree: Node) -> set[str]:
    """Return the labels of a tree's inputs, states and numbers; a new state counts as its state."""
    return {label.removeprefix(NEXT) for label in tree.leaves}


def describe_states(program: Node) -> list[str]:
    """Return the descriptions of the states of a program's tree, without articles."""
    return [describe_state(f"s{i}", new) for i, new in enumerate(program.children[1:])]


def describe_state(state: str, new: Node) -> str:
    """Describe a state by its new value, for example as "momentum"."""
    labels = leaf_labels(new)
    if GRADIENT in labels:
        squares = (part for part in new.parts() if part.label == "^2")
        is_second = any(GRADIENT in leaf_labels(part) for part in squares)
        return "second moment" if is_second else "momentum"
    if WEIGHTS in labels:
        return "average of the weights"
    if {state} <= labels <= {state, NUMBER_NODE}:
        return "step count" if Node(SUMS_UP, (Node(state),)) in new.parts() else "bias correction"
    return "state"


def describe_part(tree: Node, program: Node) -> str:
    """Describe a part of a program's tree by a noun or a formula, unless it is too long."""
    if tree.size > MAX_SIZE:
        return "a longer expression"
    names = {f"s{i}": name for i, name in enumerate(describe_states(program))}
    names |= {SCHEDULE: "learning rate", NUMBER_NODE: "a number"}
    text = _formula(tree, names)
    return text if tree.children or tree.label == NUMBER_NODE else f"the {text}"


def _formula(tree: Node, names: dict[str, str]) -> str:
    label, children = tree.label, tree.children
    if label.startswith(LEFT_OUT):
        return LEFT_OUT
    if not children:
        return names.get(label.removeprefix(NEXT), label)
    texts = [_formula(child, names) for child in children]
    if label == SUMS:
        return " + ".join(texts).replace("+ -", "- ")
    if label == PRODUCT:
        return _product(
            [
                f"({text})" if child.label == SUMS else text
                for child, text in zip(children, texts, strict=True)
            ]
        )
    if label == NEGATIVE:
        return f"-({texts[0]})" if children[0].label == SUMS else f"-{texts[0]}"
    if label.startswith("^"):
        return _power(label.removeprefix("^"), texts[0], bool(children[0].children))
    return f"{label}({', '.join(texts)})"


def _product(texts: list[str]) -> str:
    under = [text.removeprefix("1 / ") for text in texts if text.startswith("1 / ")]
    over = [text for text in texts if not text.startswith("1 / ")]
    return " / ".join([" * ".join(over) or "1", *under])


def _power(exponent: str, base: str, is_formula: bool) -> str:
    if exponent.startswith("-"):
        positive = exponent.removeprefix("-")
        return f"1 / {_power(positive, base, is_formula)}"
    if exponent == "1/2":
        return f"sqrt({base})"
    base = f"({base})" if is_formula else base
    return base if exponent == "1" else f"{base}^{exponent}"
