"""Report of an ablation: what each remedy is worth, and what every search found."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from lionhunt.search.campaign.ablation.summary import LOOKED_FOR
from lionhunt.search.campaign.aim import difference_text
from lionhunt.search.comparison.report import explanation as comparison_explanation
from lionhunt.search.comparison.report import tables as comparison_tables
from lionhunt.search.comparison.summary import BETTER, NOT_COMPARED, WORSE
from lionhunt.search.reporting.blocks import (
    Block,
    Code,
    Heading,
    Paragraph,
    print_blocks,
    to_markdown_report,
)
from lionhunt.search.reporting.report_files import write_report
from lionhunt.search.reporting.tables import Table
from lionhunt.search.reporting.text import duration

FIGURES = {"gains": "Found programs of each variant beside the tuned reference, by place"}
"""Captions of the figures, by file name without suffix."""
LACKS = {"uses_learning_rate": "do not answer to lr", "no_drift": "drift"}
"""Properties of `LOOKED_FOR`, as the report names programs without them."""

Summary = dict[str, Any]
"""The summary of an ablation by `search.campaign.ablation.summary`, or a part of it."""


def conclusions(summary: Summary) -> list[str]:
    """Return a sentence on each variant but the first."""
    first, *others = summary["variants"]
    return [_conclusion(variant, first["name"]) for variant in others]


def _conclusion(variant: Summary, first: str) -> str:
    seen = [
        f"{found['verdict']} on {place} by {difference_text(found['interval'])}"
        for place, found in variant["beside_first"].items()
        if found["verdict"] in (BETTER, WORSE)
    ]
    missing = [
        place
        for place, found in variant["beside_first"].items()
        if found["verdict"] == NOT_COMPARED
    ]
    parts = [*seen, *([f"not compared on {', '.join(missing)}"] if missing else [])]
    if len(parts) < len(variant["beside_first"]):
        parts.append(f"no difference seen{' elsewhere' if parts else ''}")
    return f"{variant['name']}, beside {first}: {'; '.join(parts)}"


def gains_table(summary: Summary) -> Table:
    """Return the table by variant: gains on fresh seeds, and what the search itself saw."""
    reference, places = summary["reference"], list(summary["places"])
    columns = (*places, "gain_in_search", "optimism")
    rows = [
        (variant["name"], *(_gain(variant["gains"][column]) for column in columns))
        for variant in summary["variants"]
    ]
    rows += [
        (
            f"{known['name']} (known)",
            *(_percent(known["values"][place]) for place in places),
            "",
            "",
        )
        for known in summary["known"]
    ]
    heads = ("variant", *_heads(summary), "gain that the search saw", "optimism")
    num_seeds = len(summary["seeds"])
    title = f"better than tuned {reference} by, with fresh seeds; over {num_seeds} searches"
    return Table(title, heads, rows)


def differences_table(summary: Summary) -> Table:
    """Return the table of differences to the first variant, paired by search seed."""
    first, *others = summary["variants"]
    places = list(summary["places"])
    rows = [
        (variant["name"], *(_difference(variant["beside_first"][place]) for place in places))
        for variant in others
    ]
    title = f"better than {first['name']} by, in points of the table above; paired by search seed"
    return Table(title, ("variant", *_heads(summary)), rows)


def _heads(summary: Summary) -> list[str]:
    """Return the places as heads of columns."""
    return [
        f"{place}\nunseen" if place in summary["unseen"] else place for place in summary["places"]
    ]


def winners_table(summary: Summary) -> Table:
    """Return the table of properties and state of the found programs, by variant."""
    heads = ("variant", *LACKS.values(), "state per parameter", "statements")
    rows = [_winners_row(variant) for variant in summary["variants"]]
    return Table("found programs, a number for each seed", heads, rows)


def _winners_row(variant: Summary) -> tuple[str, ...]:
    found = [search for search in variant["searches"] if search["program"] is not None]
    counts = (sum(name in search["lacks"] for search in found) for name in LOOKED_FOR)
    return (
        variant["name"],
        *(f"{count} of {len(found)}" for count in counts),
        " ".join(str(search["state"]["per_parameter"]) for search in found),
        " ".join(str(search["statements"]) for search in found),
    )


def searches_table(summary: Summary) -> Table:
    """Return the table of all searches."""
    rows = [
        (
            search["name"],
            f"{search['search']['programs']:,}",
            f"{search['search']['evaluated']:,}",
            f"{search['search']['trainings']:,.0f}",
            _plain(search["search"]["best_fitness"]),
            _plain(search["luck"] and search["luck"]["optimism"]),
            *(_percent(search["values"][place]) for place in summary["places"]),
            duration(search["search"]["evaluation_seconds"]),
        )
        for variant in summary["variants"]
        for search in variant["searches"]
    ]
    heads = ("search", "programs", "evaluated", "trainings", "fitness", "optimism by races")
    title = "searches; fitness and optimism by races are in units of the search"
    return Table(title, (*heads, *_heads(summary), "time of trainings"), rows)


def _gain(found: Summary) -> str:
    middle = "" if found["median"] is None else f"median {_percent(found['median'])}"
    return _lines(difference_text(found["interval"]), middle, _missing(found))


def _difference(found: Summary) -> str:
    count = f"better with {found['num_better']} of {found['num_pairs']} seeds"
    verdict = found["verdict"] if found["verdict"] in (BETTER, WORSE) else ""
    return _lines(difference_text(found["interval"]), count, _missing(found), verdict)


def _missing(found: Summary) -> str:
    return f"{found['num_missing']} missing" if found["num_missing"] else ""


def _lines(*texts: str) -> str:
    return "\n".join(filter(None, texts))


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:+.2f} %"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:+.4f}"


def explanation(summary: Summary) -> str:
    """Return a paragraph on how the ablation works, and how to read the tables."""
    config, reference = summary["config"], summary["reference"]
    kinds = ", ".join(task["kind"] for task in config["run"]["tasks"])
    texts = [
        f"All variants search on {kinds} with the seeds {', '.join(map(str, summary['seeds']))}, "
        f"each with {config['run']['max_trainings']:,g} trainings. Further step sizes and further "
        "seeds count. References, known optimizers that set the unit of gains, and fresh seeds at "
        "the end do not count. The best program of each search, by rank, is simplified exactly, "
        "with its step size. One comparison trains all programs with fresh seeds, each at a tuned "
        f"learning rate. No search saw {', '.join(summary['unseen'])}.",
        f"A value is the advantage over tuned {reference}, as a share of its score, in the mean "
        "over final seeds; positive is better. The tables have means over the search seeds with "
        "their 95 % intervals, and medians, which one bad program moves little. All programs share "
        "the final seeds. A training that failed makes a value "
        f"missing. Of {summary['num_compared']} differences, about "
        f"{summary['num_expected_by_chance']:.1f} would exclude 0 by chance.",
        "The gain that the search saw is over its own reference, on its own seeds, as a share of "
        "the score, whatever unit its fitness has. Optimism is that gain less the value on the "
        "tasks of the search. So it holds luck, and what a tuned learning rate gives the "
        "reference. The trainings of the comparison took "
        f"{duration(summary['comparison_seconds'])} in all.",
    ]
    short = [
        search["name"]
        for variant in summary["variants"]
        for search in variant["searches"]
        if search["has_all_programs"]
    ]
    if short:
        texts.append(
            "These searches had all their programs before their training was used up: "
            f"{'; '.join(short)}."
        )
    return " ".join(texts)


def head_blocks(summary: Summary) -> Iterator[Block]:
    """Yield the conclusions, the tables by variant, and how to read them."""
    yield Paragraph("\n".join(f"- {line}" for line in conclusions(summary)))
    yield gains_table(summary)
    yield differences_table(summary)
    yield winners_table(summary)
    yield Paragraph(explanation(summary))


def print_ablation(console: Console, summary: Summary) -> None:
    """Print the conclusions, the tables by variant, and how to read them."""
    print_blocks(console, list(head_blocks(summary)))


def to_report(summary: Summary, command: str, figures: Sequence[str] = ()) -> str:
    """Return the report as Markdown.

    Args:
        summary: the summary of an ablation.
        command: the command that made it.
        figures: file names of the figures without suffix.
    """
    compared = summary["comparison"]
    blocks: list[Block] = [Code(command), *head_blocks(summary)]
    blocks += [Paragraph(f"![{FIGURES[name]}]({name}.png)") for name in figures]
    blocks.append(variants_table(summary))
    blocks.append(searches_table(summary))
    if compared is not None:
        blocks += [Heading("All programs on all tasks"), *comparison_tables(compared)]
        blocks.append(Paragraph(comparison_explanation(compared)))
    for variant in summary["variants"]:
        blocks += _program_blocks(variant)
    return to_markdown_report(f"Ablation {summary['ablation']}", blocks)


def variants_table(summary: Summary) -> Table:
    """Return the table of what each variant changes in the search."""
    rows = [
        (variant["name"], "\n".join(_settings(variant["settings"])))
        for variant in summary["variants"]
    ]
    return Table("variants", ("variant", "changes in [run]"), rows)


def _settings(settings: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _settings(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key} = {value}"


def _program_blocks(variant: Summary) -> Iterator[Block]:
    for search in variant["searches"]:
        yield Heading(search["name"], 3)
        digest = search["search"]["history_digest"]
        if search["program"] is None:
            yield Paragraph(f"No program has a fitness. History {digest}.")
            continue
        yield Code(search["program"])
        yield Paragraph(
            f"State: {search['state']['text']}; {', '.join(search['properties'])}. "
            f"History {digest}."
        )


def write_ablation_report(
    folder: Path, summary: Summary, command: str, figures: Mapping[str, Any]
) -> Path:
    """Write the report and its figures; return its path.

    Raises:
        LionhuntError: a file cannot be written.
    """
    return write_report(folder, summary, to_report(summary, command, list(figures)), figures)
