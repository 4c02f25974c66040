"""Reports of simplifications and derivations as blocks, for the terminal and as Markdown.

Each function is a view of the dictionaries of `search.simplification.summary`.
"""

import difflib
from collections.abc import Iterator
from typing import Any

from lionhunt.search.reporting.blocks import Block, Code, Heading, Paragraph
from lionhunt.search.reporting.tables import Table


def step_blocks(number: int, step: dict[str, Any], before: str) -> Iterator[Block]:
    """Yield the blocks of a step: the change, its justification, and the program after it.

    Args:
        number: number of the step, from 1.
        step: its summary.
        before: the program before it; new lines get a mark.
    """
    heading = f"{number}. {step['rule']}  [{step['warrant']}, {step['statements']} statements]"
    yield Heading(heading, level=3)
    change = f"{step['before']}  ->  {step['after']}" if step["after"] else step["before"]
    if change and change not in step["rule"]:
        yield Paragraph(change)
    if step["condition"]:
        yield Paragraph(f"where {step['condition']}")
    if step["difference"] is not None:
        difference = f"{step['difference']:.1e}" if step["difference"] else "none"
        yield Paragraph(f"largest relative difference seen in float32: {difference}")
    for line in evidence_lines(step["evidence"]):
        yield Paragraph(line)
    yield Code(_marked(before, step["program"]))


def evidence_lines(evidence: dict[str, Any] | None) -> list[str]:
    """Return the measurements of each task, one line each."""
    if evidence is None:
        return []
    lines = []
    for task in evidence["tasks"]:
        seeds = f"{task['num_seeds']} seeds"
        if task["loss"] is None:
            lines.append(f"{task['task']}, {seeds}: {task['num_failed']} trainings failed")
            continue
        scores = f"{task['metric']} {task['before']:.4f} -> {task['after']:.4f}"
        lines.append(f"{task['task']}, {seeds}: {scores}, loss {loss_text(task['loss'])}")
    return lines


def loss_text(loss: dict[str, float]) -> str:
    """Return a relative loss with its interval."""
    return f"{loss['mean']:+.2%} [{loss['low']:+.2%}, {loss['high']:+.2%}]"


def summary_blocks(described: dict[str, Any]) -> Iterator[Block]:
    """Yield the table of steps, the refused changes, and the result."""
    rows = [("", str(described["statements"]), "", "as given", "")]
    for number, step in enumerate(described["steps"], start=1):
        cells = (
            str(number),
            str(step["statements"]),
            step["warrant"],
            step["rule"],
            _evidence_cell(step),
        )
        rows.append(cells)
    yield Table("steps", ("", "statements", "justification", "rule", "seen"), rows)
    if described["kept"]:
        refused = [(each["rule"], _worst(each["evidence"])) for each in described["kept"]]
        title = "measured, and not done"
        yield Table(title, ("change", "largest loss on a task, with its interval"), refused)
    measuring = described["measuring"]
    if measuring is not None:
        yield Paragraph(_measuring_text(measuring))
    if described["not_measured"]:
        amount = "no more" if measuring else "nothing"
        yield Paragraph(f"{amount} was measured: {described['not_measured']}")
    states = described["states"]
    kept = f"{states} state{'s' if states != 1 else ''}"
    yield Heading(f"result: {described['result_statements']} statements, {kept}")
    yield Code(described["result"])
    yield Paragraph(_family_text(described["classification"]))
    if described["whole"]:
        yield Heading("the whole way: from the program as given to the result")
        for line in evidence_lines(described["whole"]):
            yield Paragraph(line)


def drop_one_blocks(described: dict[str, Any]) -> Iterator[Block]:
    """Yield the table of a drop-one check, and how to read it."""
    rows = [
        (part["without"], part["kept"], *_losses(part["evidence"], described), part["verdict"])
        for part in described["parts"]
    ]
    tasks = (task["name"] for task in described["measuring"]["tasks"])
    heads = ("without", "in its place", *(f"loss on {task}" for task in tasks), "verdict")
    yield Table(f"{described['name']}: is it as good without?", heads, rows)
    yield Paragraph(_measuring_text(described["measuring"]))
    yield Paragraph(
        "Each function is removed in turn, and an argument takes its place. Each state is removed "
        "too, and is read as 0. Needed: a loss is seen on a task. Hurts: a gain is seen, and no "
        "loss. Does nothing: no loss is seen, and the interval ends below the tolerance on every "
        "task. Learning rates stay, so a removal that changes the size of updates may cost by that."
    )


def _losses(evidence: dict[str, Any], described: dict[str, Any]) -> Iterator[str]:
    """Yield the loss on each task; nothing for a task that was not tried."""
    by_task = {task["task"]: task for task in evidence["tasks"]}
    for task in described["measuring"]["tasks"]:
        paired = by_task.get(task["name"])
        if paired is None:
            yield ""
        else:
            yield loss_text(paired["loss"]) if paired["loss"] else "does not train"


def origin_block(described: dict[str, Any]) -> Block:
    """Return the paragraph on duration, machine and versions."""
    versions = ", ".join(f"{name} {described['versions'][name]}" for name in ("python", "jax"))
    return Paragraph(
        f"{described['statements']} statements became {described['result_statements']} in "
        f"{described['seconds']:.0f} s ({described['machine']}, {versions})."
    )


def derivation_blocks(described: dict[str, Any]) -> Iterator[Block]:
    """Yield the parts of a derivation beyond its steps: constants, differences, obligations."""
    if described["against_known"]:
        yield from _constants_blocks(described["equals"], described["against_known"])
    differences = described["differences_in_training"]
    if differences and differences["tasks"]:
        yield Heading("where the rewritten program differs from the one before it")
        confirmed = "are equal" if differences["polynomial_forms_agree"] else "do not show it"
        yield Paragraph(
            f"the polynomial normal forms of both, a second check that knows no rule, {confirmed}"
        )
        yield from _difference_tables(differences)
    yield Heading("left to believe")
    left = described["obligations"] or [_NOTHING_LEFT]
    yield Paragraph("\n".join(f"- {line}" for line in left))


def _marked(before: str, after: str) -> str:
    """Return a program whose new lines end in a mark."""
    changes = difflib.ndiff(before.splitlines(), after.splitlines())
    lines = [(line[2:], line[0] == "+") for line in changes if line[0] in " +"]
    width = max(len(line) for line, _ in lines)
    return "\n".join(f"{line:{width}}  # <-" if is_new else line for line, is_new in lines)


def _evidence_cell(step: dict[str, Any]) -> str:
    if step["evidence"]:
        return _worst(step["evidence"])
    if step["difference"] is None:
        return ""
    return f"{step['difference']:.1e}" if step["difference"] else "no difference"


def _worst(evidence: dict[str, Any]) -> str:
    """Return the text of the largest loss on a task."""
    tasks = evidence["tasks"]
    failed = [task for task in tasks if task["loss"] is None]
    if failed:
        return f"{failed[0]['task']}: {failed[0]['num_failed']} trainings failed"
    worst = max(tasks, key=lambda task: task["loss"]["mean"])
    return f"{worst['task']}: {loss_text(worst['loss'])}, {worst['num_seeds']} seeds"


def _measuring_text(measuring: dict[str, Any]) -> str:
    tasks = ", ".join(f"{task['name']} ({task['metric']})" for task in measuring["tasks"])
    first, seeds = measuring["first_seed"], measuring["seeds"]
    rate = measuring["learning_rate"]
    scaled = f" Every update is multiplied by {rate:g}." if rate != 1 else ""
    return (
        f"Measured on {tasks}; {measuring['trainings']} trainings, with the seeds from {first} on: "
        f"{seeds[0]} for a first look, then {', '.join(map(str, seeds[1:]))} until it is decided "
        "(so that errors are a little likelier than an interval says). "
        f"A loss is a share of the score before, paired by seed, with its 95 % interval; a change "
        f"is harmless if the interval ends below {measuring['tolerance']:.1%} on every task."
        + scaled
    )


def _family_text(classification: dict[str, Any]) -> str:
    if classification["equals"]:
        return f"This is {' or '.join(classification['nearest'])}, up to constants."
    if classification["likeness"] == "changed":
        differences = "; ".join(classification["differences"])
        return f"Nearest: {' or '.join(classification['nearest'])}. Differences: {differences}."
    return "Unlike any optimizer of the library."


def _constants_blocks(known: str, against: dict[str, Any]) -> Iterator[Block]:
    """Yield the constants beside the known ones, and the comparison of the normal forms."""
    rows = []
    for constant in against["constants"]:
        other = "" if constant["known"] is None else f"{constant['known']:g}"
        losses = [
            f"{task['task']} {loss_text(task['loss'])}" if task["loss"] else f"{task['task']} fails"
            for task in (constant["evidence"] or {"tasks": []})["tasks"]
        ]
        rows.append((constant["role"], f"{constant['value']:g}", other, "\n".join(losses)))
    heads = ("constant", "here", known, f"loss with the constant of {known} in its place")
    yield Table(f"constants beside those of {known}", heads, rows)
    checked = "is" if against["is_checked"] else "could not be shown to be"
    yield Paragraph(
        f"With the constants of {known} in their places, and 1 where it has none, the polynomial "
        f"normal form of the result {checked} that of {known}."
    )
    for constant in against["constants"]:
        if constant["origin"]:
            yield Paragraph(f"{constant['role']}: {constant['origin']}")


_NOTHING_LEFT = (
    "nothing, in real numbers: every step is exact, or algebraic, which float32 follows up to "
    "rounding, overflow and underflow"
)
_UPDATES = {
    "same": "bit for bit the same",
    "rounding": "up to 1e-5",
    "close": "up to 1 %",
    "zero": "one is 0",
    "other": "more",
}
_VALUES = {
    "zero": "0",
    "guarded": "below 1e-8",
    "tiny": "1e-8 to 1e-6",
    "above_one": "above 1",
    "not_finite": "not finite",
}


def _difference_tables(differences: dict[str, Any]) -> Iterator[Block]:
    """Yield the tables of differences, counted in a training of the program before rewriting."""
    tasks = differences["tasks"]
    rows = [
        (task["task"], f"{task['total']:,}", *_shares(task["updates"], task["total"], _UPDATES))
        for task in tasks
    ]
    heads = ("task", "numbers", *_UPDATES.values())
    yield Table("updates of both, by relative difference", heads, rows)
    rows = [
        (name, task["task"], *_shares(counts, task["total"], _VALUES))
        for task in tasks
        for name, counts in task["values"].items()
    ]
    if rows:
        heads = ("value", "task", *_VALUES.values())
        yield Table("sizes of the values on which a guard or a condition depends", heads, rows)


def _shares(counts: dict[str, int], total: int, columns: dict[str, str]) -> list[str]:
    return [f"{counts[name]:,} ({counts[name] / total:.2%})" for name in columns]
