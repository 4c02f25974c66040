"""The page of a search: the best program first, then how the search came to it."""

from collections.abc import Iterable
from typing import Any

from lionhunt.dsl.analysis import liveness
from lionhunt.dsl.export.latex import to_latex
from lionhunt.search.driver.families import summarize_families
from lionhunt.search.driver.report import luck_rows
from lionhunt.search.driver.summary import summarize_program, summarize_run
from lionhunt.search.report_page import charts
from lionhunt.search.report_page.contributions import summarize_functions, summarize_mutations
from lionhunt.search.report_page.curves import read_curves
from lionhunt.search.report_page.equations import to_equations
from lionhunt.search.report_page.front import summarize_memory_front
from lionhunt.search.report_page.history import HistoryColumns, read_history, summarize_parts
from lionhunt.search.report_page.page import render
from lionhunt.search.report_page.thinning import running_maxima, thin
from lionhunt.search.storage.program_ref import Source
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram

MAX_TEXT = 2_500_000
"""Characters of all programs of a page together."""
NUM_FAMILIES = 10
"""Best programs that are classified."""
MAX_CLASSIFIED = 15
"""Needed statements of a program that is classified; longer ones take seconds."""
NUM_BESTS = 200
"""Rows of the table of new bests, the last ones."""


def run_page(records: RunStore) -> str:
    """Return the page of a run, which another process may be writing.

    Raises:
        RecordError: the file is damaged.
    """
    summary = summarize_run(records)
    values = {"summary": summary, "name": records.path.parent.name, "counts": _counts(summary)}
    if summary["best"] is None:
        return render("run.html", {"charts": {}, "programs": {}}, **values, best=None)
    history = read_history(records)
    index = summary["best"]["index"]
    best = records.row(index)
    line = tuple(records.improvements(index))
    described = summarize_program(Source(f"program {index}", best.program, None, best, line))
    improvements = described["improvements"]
    front = summarize_memory_front(records, history)
    front_places = [member["index"] for member in front["members"]]
    steps = [step["index"] for step in improvements]
    bests = running_maxima(history.rank)[-NUM_BESTS:]
    shown = thin(history.fitness, [*front_places, *steps, *bests, index])
    parts = summarize_parts(history)
    curves = read_curves(records, best)
    of_history = charts.history_chart(history, shown, front_places, steps)
    by_id = {
        "overview": charts.overview_chart(of_history),
        "history": of_history,
        "front": charts.front_chart(front["members"]),
        "shares": charts.shares_chart(parts),
        "outcomes": charts.outcomes_chart(parts),
        **{f"curves-{i}": charts.curves_chart(t["lines"]) for i, t in enumerate(curves)},
    }
    # The most wanted come first, in case there are too many characters.
    wanted = [index, *reversed(steps), *front_places, *reversed(bests), *shown]
    programs = _programs(records, wanted)
    return render(
        "run.html",
        {"charts": by_id, "programs": programs},
        **values,
        best=best,
        described=described,
        equations=to_equations(_latex(best)),
        scores=_scores(summary),
        luck=luck_rows(summary),
        improvements=with_gains(improvements),
        front=front,
        bests=[row_of_best(history, i) for i in reversed(bests)],
        curves=curves,
        mutations=summarize_mutations(history),
        functions=summarize_functions(records, history),
        families=summarize_families(
            records, NUM_FAMILIES, with_behavior=False, max_needed=MAX_CLASSIFIED
        ),
        num_families=NUM_FAMILIES,
        max_classified=MAX_CLASSIFIED,
        num_shown=len(shown),
        num_with_fitness=sum(fitness is not None for fitness in history.fitness),
        num_below=charts.num_below(of_history),
        num_texts=len(programs),
    )


def _latex(best: StoredProgram) -> str:
    program = liveness.simplify(best.program)
    return to_latex(program, "best", Source("best", program).notes)


def _counts(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the counts of a run as names and texts."""
    config = summary["config"]
    return [
        ("programs", f"{summary['programs']:,} of {summary['total']:,}"),
        ("state", "complete" if summary["complete"] else "not complete"),
        ("evaluated", f"{summary['evaluated']:,}"),
        ("cache hits", f"{summary['cache_hits']:,} ({summary['cache_hit_rate']:.1%} of children)"),
        ("redundant share", f"{summary['redundant_share']:.1%} of the last population"),
        ("training saved", f"{summary['training_saved']:.1%} of the steps, by stopping early"),
        ("seed", str(config["seed"])),
        ("tasks", ", ".join(task["name"] for task in summary["tasks"])),
        ("machine", summary["machine"]),
        ("history digest", summary["history_digest"]),
    ]


def _scores(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the scores of the best and of the initial program on each task."""
    best, initial = summary["best"]["scores"], (summary["initial"] or {}).get("scores", {})
    return [
        {
            "task": task["name"],
            "metric": task["metric"],
            "better": "higher" if task["higher_is_better"] else "lower",
            "initial": initial.get(task["name"], {}).get("score"),
            "best": best[task["name"]]["score"],
            "gain": best[task["name"]]["fitness"],
        }
        for task in summary["tasks"]
        if task["name"] in best
    ]


def with_gains(improvements: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the improvements along a line, each with the fitness that it gained."""
    rows, before = [], None
    for step in improvements:
        fitness = step["fitness"]
        gain = None if before is None or fitness is None else fitness - before
        rows.append({**step, "gain": gain})
        before = fitness if fitness is not None else before
    return rows


def row_of_best(history: HistoryColumns, index: int) -> dict[str, Any]:
    """Return the row of a program in the tables of bests."""
    return {
        "index": index,
        "fitness": history.fitness[index],
        "rank": history.rank[index],
        "needed": history.num_needed[index],
        "mutation": history.mutation[index],
        "parent": history.parent[index],
    }


def _programs(records: RunStore, wanted: Iterable[int]) -> dict[str, Any]:
    """Return text and facts of programs by number, until there are `MAX_TEXT` characters."""
    programs: dict[str, Any] = {}
    size = 0
    for index in dict.fromkeys(wanted):
        row = records.row(index)
        text = str(liveness.simplify(row.program))
        size += len(text)
        if size > MAX_TEXT:
            break
        programs[str(index)] = [about(row), text]
    return programs


def about(row: StoredProgram) -> str:
    """Return one line about a program: fitness, needed statements, origin."""
    parent, mutation = row.individual.parent, row.individual.mutation
    origin = "initial program" if parent is None else f"{mutation} of {parent}"
    fitness = row.status.value if row.fitness is None else f"fitness {row.fitness:.4f}"
    return f"{fitness}; {row.num_needed} of {row.num_statements} statements needed; {origin}"
