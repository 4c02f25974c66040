"""The aim of a campaign, judged on a simplified program: each condition is met or missed."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lionhunt.dsl.analysis.properties import REQUIREMENTS, find_properties
from lionhunt.dsl.analysis.state_size import measure_state
from lionhunt.dsl.classification.classifier import Likeness
from lionhunt.dsl.op_table import WORDS
from lionhunt.dsl.program import Program
from lionhunt.search.campaign.candidates import count_functions, count_state
from lionhunt.search.campaign.config import AimConfig

Summary = dict[str, Any]


class AimCondition(NamedTuple):
    """A condition of an aim, and what was seen of it.

    Attributes:
        text: the condition.
        seen: what the program has.
        is_met: whether the program meets the condition.
    """

    text: str
    seen: str
    is_met: bool


def judge(
    aim: AimConfig, program: Program, classes: Summary, against: Mapping[str, Summary]
) -> tuple[AimCondition, ...]:
    """Return the conditions of an aim, judged on a program.

    Args:
        aim: of the campaign.
        program: simplified.
        classes: its class by text and by behavior, of `search.driver.families`.
        against: its comparison with each known optimizer: `relative_difference`, an interval or
            None, `num_failures`, and `steps`, a list of ratios by task.
    """
    return (
        *_judge_form(aim, program),
        *_judge_family(aim, classes),
        *_judge_properties(aim, program),
        *_judge_scores(aim, against),
        *_judge_steps(aim, against),
    )


def _judge_form(aim: AimConfig, program: Program) -> Iterator[AimCondition]:
    if aim.max_state is not None:
        unit = "number" if aim.max_state == 1 else "numbers"
        text = f"keeps at most {aim.max_state} {unit} per parameter"
        is_met = count_state(program) <= aim.max_state
        yield AimCondition(text, f"state: {measure_state(program)}", is_met)
    counts = count_functions(program)
    for name, least in aim.functions.items():
        count = counts[WORDS[name].name]
        yield AimCondition(f"applies {name} at least {least} times", str(count), count >= least)


def _judge_family(aim: AimConfig, classes: Summary) -> Iterator[AimCondition]:
    if not aim.families:
        return
    text = f"is one of {', '.join(aim.families)}, or behaves like it"
    is_same = classes["likeness"] == Likeness.SAME
    if is_same and set(classes["optimizers"]) & set(aim.families):
        seen = f"is {' or '.join(classes['optimizers'])}, up to constants"
        yield AimCondition(text, seen, True)
        return
    nearest = next(iter(classes["behavior"]["optimizers"]), None)
    is_near = (
        nearest is not None
        and bool(set(nearest["names"]) & set(aim.families))
        and nearest["fitted_cosine"] >= aim.min_cosine
    )
    yield AimCondition(text, f"nearest in behavior: {behavior_text(classes)}", is_near)


def _judge_properties(aim: AimConfig, program: Program) -> Iterator[AimCondition]:
    if not aim.properties:
        return
    found = find_properties(program)
    for name in aim.properties:
        has_it = REQUIREMENTS[name](found)
        yield AimCondition(f"has the property {name}", "yes" if has_it else "no", has_it)


def _judge_scores(aim: AimConfig, against: Mapping[str, Summary]) -> Iterator[AimCondition]:
    rules = (
        *((name, 0.0, f"is better than {name}") for name in aim.better_than),
        *(
            (name, aim.margin, f"is no worse than {name}, by {aim.margin:.1%} at most")
            for name in aim.no_worse_than
        ),
    )
    for name, margin, text in rules:
        difference, num_failures = (
            against[name][key] for key in ("relative_difference", "num_failures")
        )
        low = None if difference is None else difference["low"]
        is_met = low is not None and low > -margin and not num_failures
        seen = difference_text(difference)
        yield AimCondition(
            text, f"{seen}, {num_failures} trainings failed" if num_failures else seen, is_met
        )


def _judge_steps(aim: AimConfig, against: Mapping[str, Summary]) -> Iterator[AimCondition]:
    for name, factor in aim.faster_than.items():
        for task in against[name]["steps"]:
            ratio = task["ratio"]
            is_met = (
                ratio is not None
                and ratio["mean"] <= 1 / factor
                and ratio["high"] is not None
                and ratio["high"] < 1
                and not task["num_failures"]
            )
            text = f"needs at most 1/{factor:g} of the steps of {name} on {task['task']}"
            yield AimCondition(text, ratio_text(ratio), is_met)


def ratio_text(ratio: Mapping[str, float | None] | None) -> str:
    """Return a ratio of steps with its interval; below 1 is faster."""
    if ratio is None:
        return "not compared"
    mean, low, high = (ratio[key] for key in ("mean", "low", "high"))
    if low is None or high is None:
        return f"{mean:.2f}"
    return f"{mean:.2f} [{low:.2f}, {high:.2f}]"


def difference_text(difference: Mapping[str, float | None] | None) -> str:
    """Return a relative difference with its interval, in per cent; positive is better."""
    if difference is None:
        return "not compared"
    low, high = difference["low"], difference["high"]
    mean = f"{100 * (difference['mean'] or 0.0):+.2f} %"
    if low is None or high is None:
        return mean
    return f"{mean} [{100 * low:+.2f}, {100 * high:+.2f}]"


def behavior_text(classes: Summary) -> str:
    """Return the known optimizer whose updates are nearest, with their cosine."""
    nearest = next(iter(classes["behavior"]["optimizers"]), None)
    if nearest is None:
        return "none"
    return f"{' or '.join(nearest['names'])} (cosine {nearest['fitted_cosine']:.3f})"
