"""Report of a study: tables and sentences for the terminal and for Markdown."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from lionhunt.search.activity import Activity
from lionhunt.search.paper.replication.loop import StudyProgress
from lionhunt.search.paper.replication.plan import CONSTANTS, EVOLUTION, NAMES, RANDOM, RESTART
from lionhunt.search.paper.replication.summary import reference_name
from lionhunt.search.reporting import (
    Code,
    Paragraph,
    Table,
    duration,
    print_blocks,
    to_markdown_report,
)

FIGURES = {
    "best_fitness.png": "Best fitness over progress, mean and standard error",
    "redundancy.png": "Cache hits and redundant statements over progress",
}
"""Captions of the pictures, by file name."""

Summary = dict[str, Any]
"""The summary of a study by `search.paper.replication.summary`, or a part of it."""


def to_activity(event: StudyProgress) -> Activity:
    """Return the progress of a study as an activity; a run counts by the share that is done."""
    share = event.progress.num_programs / max(1, event.progress.expected_total)
    return Activity(event.name, event.number - 1 + share, event.total, "runs done")


def tables(summary: Summary) -> list[Table]:
    """Return the tables of groups, of the paper's numbers, and of runs."""
    return [_groups(summary), _beside_the_paper(summary), _runs(summary)]


def _groups(summary: Summary) -> Table:
    rows = []
    for group in summary["groups"]:
        at_end = group["at_end"]
        rows.append(
            (
                NAMES[group["group"]],
                str(group["num_runs"]),
                _mean(at_end["best_fitness"], "+.2f"),
                _interval(group["behind_evolution"]),
                f"{at_end['programs']['mean']:,.0f}",
                f"{at_end['trainings']['mean']:,.0f}",
                _mean(at_end["hit_rate"]),
                _mean(at_end["redundant_share"]),
            )
        )
    heads = ("", "runs", "fitness", "evolution is higher by", "programs", "trainings")
    title = "means ± standard errors; best fitness, hits and redundant in %"
    return Table(title, (*heads, "hits", "redundant"), rows)


def _beside_the_paper(summary: Summary) -> Table:
    at_end = next(g["at_end"] for g in summary["groups"] if g["group"] == EVOLUTION)
    names = {
        "hit_rate": "cache hits, % of children",
        "redundant_share": "redundant statements at the end, %",
    }
    rows = [(name, _mean(at_end[key]), _mean(summary["paper"][key])) for key, name in names.items()]
    return Table("evolution beside the paper's", ("", "here", "the paper"), rows)


def _runs(summary: Summary) -> Table:
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
        for run in summary["runs"]
    ]
    heads = ("run", "seed", "fitness", "by", "length", "programs")
    rest = ("evaluated", "trainings", "hits", "redundant", "time")
    title = "runs, each with its best program; fitness, hits and redundant in %"
    return Table(title, (*heads, *rest), rows)


def _mean(measured: dict[str, float | None], form: str = ".1f") -> str:
    mean, error = measured["mean"], measured["error"]
    if mean is None:
        return "none"
    text = f"{100 * mean:{form}}"
    return text if error is None else f"{text} ± {100 * error:{form.removeprefix('+')}}"


def _interval(interval: dict[str, float] | None) -> str:
    if interval is None:
        return ""
    mean, low, high = (100 * interval[key] for key in ("mean", "low", "high"))
    return f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]"


def explanation(summary: Summary) -> str:
    """Return a paragraph on how to read the tables."""
    factor = summary["config"]["baseline_factor"]
    texts = [
        f"Fitness is the gain over the score of {reference_name(summary)}, trained with the same "
        "seed, as a share of that score. Repeats differ in their seed, of training too. Length is "
        "the number of statements; needed statements are in brackets. Programs with equal "
        "fingerprints are evaluated once. A training that stops early counts as the share that it "
        "ran. Time is the sum over all evaluations."
    ]
    counts = {
        "equivalent": "programs took the result of an earlier program with their functional "
        "fingerprint",
    }
    for key, noun in counts.items():
        if total := sum(run[key] for run in summary["runs"]):
            texts.append(f"{total:,} {noun}.")
    groups = {group["group"] for group in summary["groups"]}
    if groups & {RANDOM, CONSTANTS}:
        texts.append(
            f"A baseline ends after {factor:g} times the trainings of the evolution with its seed, "
            f"or after {factor:g} times its programs, whichever comes first. Random search mutates "
            "the initial program 1 to 63 times, without selection. The other baseline evolves the "
            "constants of the initial program alone. Differences from evolution are paired by "
            "seed, with the 95 % interval of Student."
        )
    if RESTART in groups:
        texts.append(
            "The restart begins with the best program of the best repeat. It has the same "
            "reference as the other runs."
        )
    return " ".join(texts)


def conclusions(summary: Summary) -> list[str]:
    """Return a sentence on each group."""
    groups = {group["group"]: group for group in summary["groups"]}
    evolution = groups[EVOLUTION]["over_progress"]["best_fitness"]["mean"]
    lines = []
    for name, group in groups.items():
        begin, end = group["at_end"]["first_fitness"], group["at_end"]["best_fitness"]
        num_runs = f"{group['num_runs']} run" + ("s" if group["num_runs"] > 1 else "")
        ends = f"ends at {_mean(end, '+.2f')} % ({num_runs})"
        text = f"{NAMES[name]} {ends}"
        if name == RESTART:
            text = f"{NAMES[name]} begins at {_mean(begin, '+.2f')} % and {ends}"
            if begin == end:
                text += ": it found nothing better"
        if name in (RANDOM, CONSTANTS) and end["mean"] is not None:
            text += f"; {_overtaken(summary['progress'], evolution, end['mean'])}"
        lines.append(text)
    return lines


def _overtaken(progress: Sequence[float], evolution: Sequence[float | None], end: float) -> str:
    """Return from when on the mean of evolution exceeds the end of a baseline."""
    above = [value is not None and value > end for value in evolution]
    if not above[-1]:
        return "evolution does not get above that"
    first = next(share for share, is_above in zip(progress, above, strict=True) if is_above)
    return f"evolution is above that from {first:.0%} of its progress on"


def print_study(console: Console, summary: Summary) -> None:
    """Print the tables, how to read them, and the conclusions."""
    texts = (f"{explanation(summary)}\n", *conclusions(summary))
    print_blocks(console, [*tables(summary), *map(Paragraph, texts)])


def to_report(summary: Summary, command: str) -> str:
    """Return the report as Markdown.

    Args:
        summary: the summary of a study.
        command: the command that made it.
    """
    digests = [f"- {run['name']}: history {run['history_digest']}" for run in summary["runs"]]
    blocks = [
        Code(command),
        Paragraph("\n".join(f"- {line}" for line in conclusions(summary))),
        *(Paragraph(f"![{caption}]({name})") for name, caption in FIGURES.items()),
        Paragraph(explanation(summary)),
        *tables(summary),
        Paragraph("\n".join(digests)),
    ]
    return to_markdown_report(f"Study {summary['study']}", blocks)
