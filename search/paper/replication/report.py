"""What a person sees of a study: its tables and sentences, and its report in Markdown."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from lionhunt.search.paper.replication.loop import Event
from lionhunt.search.paper.replication.plan import CONSTANTS, EVOLUTION, NAMES, RANDOM, RESTART
from lionhunt.search.paper.replication.summary import reference_name
from lionhunt.search.reporting.tables import Table, to_markdown, to_rich
from lionhunt.search.reporting.text import duration

FIGURES = {
    "best_fitness.png": "Best fitness over progress, mean and standard error",
    "redundancy.png": "Cache hits and redundant statements over progress",
}
"""Pictures of a report, with what they are."""

Described = dict[str, Any]
"""What `search.paper.replication.summary` gives, or a part of it."""


def study_line(event: Event, line: str) -> str:
    """One line on how far a study is, of that on its run."""
    return f"{event.name}, run {event.number} of {event.total}: {line}"


def tables(described: Described) -> list[Table]:
    """The groups of runs, what the paper saw, and every run."""
    return [_groups(described), _beside_the_paper(described), _runs(described)]


def _groups(described: Described) -> Table:
    rows = []
    for group in described["groups"]:
        at_end = group["at_end"]
        rows.append(
            (
                NAMES[group["group"]],
                str(group["num_runs"]),
                _measured(at_end["best_fitness"], "+.2f"),
                _interval(group["behind_evolution"]),
                f"{at_end['programs']['mean']:,.0f}",
                f"{at_end['trainings']['mean']:,.0f}",
                _measured(at_end["hit_rate"]),
                _measured(at_end["redundant_share"]),
            )
        )
    heads = ("", "runs", "fitness", "evolution is higher by", "programs", "trainings")
    title = "means ± standard errors; best fitness, hits and redundant in %"
    return Table(title, (*heads, "hits", "redundant"), rows)


def _beside_the_paper(described: Described) -> Table:
    ours = next(g["at_end"] for g in described["groups"] if g["group"] == EVOLUTION)
    names = {
        "hit_rate": "cache hits, % of children",
        "redundant_share": "redundant statements at the end, %",
    }
    rows = [
        (name, _measured(ours[key]), _measured(described["paper"][key]))
        for key, name in names.items()
    ]
    return Table("evolution beside the paper's", ("", "here", "the paper"), rows)


def _runs(described: Described) -> Table:
    rows = [
        (
            run["name"],
            str(run["seed"]),
            "" if run["best_fitness"] is None else f"{100 * run['best_fitness']:+.2f}",
            "" if run["best_index"] is None else f"{run['best_index']:,}",
            "" if run["best_index"] is None else f"{run['best_statements']} ({run['best_needed']})",
            f"{run['programs']:,}",
            f"{run['evaluated']:,}",
            f"{run['trainings']:,.0f}",
            f"{100 * run['hit_rate']:.1f}",
            f"{100 * run['redundant_share']:.1f}",
            duration(run["evaluation_seconds"]),
        )
        for run in described["runs"]
    ]
    heads = ("run", "seed", "fitness", "by", "length", "programs")
    rest = ("evaluated", "trainings", "hits", "redundant", "time")
    title = "runs, each with the program that is the best; fitness, hits and redundant in %"
    return Table(title, (*heads, *rest), rows)


def _measured(found: dict[str, float | None], form: str = ".1f") -> str:
    mean, error = found["mean"], found["error"]
    if mean is None:
        return "none"
    shown = f"{100 * mean:{form}}"
    return shown if error is None else f"{shown} ± {100 * error:{form.removeprefix('+')}}"


def _interval(found: dict[str, float] | None) -> str:
    if found is None:
        return ""
    return f"{100 * found['mean']:+.2f} [{100 * found['low']:+.2f}, {100 * found['high']:+.2f}]"


def explanation(described: Described) -> str:
    """How to read the tables."""
    config = described["config"]
    factor = config["baseline_factor"]
    texts = [
        f"Fitness is the gain over the score of {reference_name(described)}, trained with the "
        "same seed, as a share of that score. Repeats differ in their seed, of training too. Of "
        "the length of a program, what is needed is in brackets. Evaluated programs are those that "
        "differ; trainings count what stops early as the share that it ran; time is that of "
        "all evaluations together."
    ]
    counts = {
        "equivalent": "programs took the outcome of an elder with their functional fingerprint",
        "evaluated_again": "evaluations were later ones, with other seeds",
    }
    for key, what in counts.items():
        if total := sum(run[key] for run in described["runs"]):
            texts.append(f"{total:,} {what}.")
    groups = {group["group"] for group in described["groups"]}
    if groups & {RANDOM, CONSTANTS}:
        texts.append(
            f"Baselines had {factor:g} times the trainings of the evolution with their seed, or "
            f"{factor:g} times its programs, whichever came first. Random search mutates the "
            "initial program 1 to 63 times, without selection; the other evolves its constants "
            "alone. How much higher evolution is, is paired by seed, with the 95 % interval of "
            "Student."
        )
    if RESTART in groups:
        texts.append(
            "The restart begins with the best program of the best repeat, and is measured as the "
            "others are."
        )
    return " ".join(texts)


def conclusions(described: Described) -> list[str]:
    """A sentence on each group, in the words of the data."""
    groups = {group["group"]: group for group in described["groups"]}
    evolution = groups[EVOLUTION]["over_progress"]["best_fitness"]["mean"]
    lines = []
    for name, group in groups.items():
        end = group["at_end"]["best_fitness"]
        text = f"{NAMES[name]} ends at {_measured(end, '+.2f')} % ({_runs_of(group)})"
        if name == RESTART:
            began, ended = group["at_end"]["first_fitness"], group["at_end"]["best_fitness"]
            text = f"{NAMES[name]} begins at {_measured(began, '+.2f')} % and ends at "
            text += f"{_measured(end, '+.2f')} % ({_runs_of(group)})"
            if began == ended:
                text += ": it found nothing better"
        if name in (RANDOM, CONSTANTS) and end["mean"] is not None:
            text += f"; {_overtaken(described['progress'], evolution, end['mean'])}"
        lines.append(text)
    return lines


def _overtaken(progress: Sequence[float], evolution: Sequence[float | None], end: float) -> str:
    """When evolution, on average, was above the end of a baseline for good."""
    above = [value is not None and value > end for value in evolution]
    if not above[-1]:
        return "evolution does not get above that"
    first = next(share for share, is_above in zip(progress, above, strict=True) if is_above)
    return f"evolution is above that from {first:.0%} of its progress on"


def _runs_of(group: Described) -> str:
    return f"{group['num_runs']} run" + ("s" if group["num_runs"] > 1 else "")


def print_study(console: Console, described: Described) -> None:
    """Prints the tables, and what they say."""
    for table in tables(described):
        console.print(Text(table.title, style="bold"))
        console.print(to_rich(table))
    console.print(Text(f"{explanation(described)}\n"))
    for line in conclusions(described):
        console.print(Text(line))


def to_report(described: Described, command: str) -> str:
    """The report as Markdown.

    Args:
        described: what `describe_study` gives.
        command: what made it.
    """
    digests = [f"- {run['name']}: history {run['history_digest']}" for run in described["runs"]]
    parts = [
        f"# Study {described['study']}",
        f"```\n{command}\n```",
        "\n".join(f"- {line}" for line in conclusions(described)),
        *(f"![{title}]({name})" for name, title in FIGURES.items()),
        explanation(described),
        *map(to_markdown, tables(described)),
        "\n".join(digests),
    ]
    return "\n\n".join(parts) + "\n"
