"""Parts of a skeleton in words: what a state holds, and what a tree computes."""

from lionhunt.dsl.classification.tree import (
    GRADIENT,
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
"""Nodes of a part that is still written out."""


def leaf_labels(tree: Node) -> set[str]:
    """The labels of inputs, states and numbers in a tree; a new state counts as the state."""
    return {part.label.removeprefix(NEXT) for part in tree.parts() if not part.children}


def describe_states(program: Node) -> list[str]:
    """What each state of a program's tree holds, without an article."""
    return [describe_state(f"s{i}", new) for i, new in enumerate(program.children[1:])]


def describe_state(state: str, new: Node) -> str:
    """What a state holds, told by its new value."""
    read = leaf_labels(new)
    if GRADIENT in read:
        squares = (part for part in new.parts() if part.label == "^2")
        is_second = any(GRADIENT in leaf_labels(part) for part in squares)
        return "second moment" if is_second else "momentum"
    if WEIGHTS in read:
        return "average of the weights"
    if {state} <= read <= {state, NUMBER_NODE}:
        return "step count" if Node(SUMS_UP, (Node(state),)) in new.parts() else "bias correction"
    return "state"


def describe_part(tree: Node, program: Node) -> str:
    """A part of a program's tree: as a noun, a formula, or just as something."""
    if tree.size > MAX_SIZE:
        return "a longer expression"
    names = {f"s{i}": name for i, name in enumerate(describe_states(program))}
    names |= {SCHEDULE: "learning rate", NUMBER_NODE: "a number"}
    text = _formula(tree, names)
    return text if tree.children or tree.label == NUMBER_NODE else f"the {text}"


def _formula(tree: Node, names: dict[str, str]) -> str:
    label, children = tree
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
