"""Show programs and runs as HTML in notebooks. Every text from outside is escaped."""

import html
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lionhunt.search.visible_text import visible

if TYPE_CHECKING:
    from lionhunt.search.api.programs import OptimizerProgram
    from lionhunt.search.api.runs import Run

_STYLES = {
    "needed": "font-weight:bold",
    "needed only within the step": "",
    "redundant": "opacity:0.6",
}


def program_html(program: "OptimizerProgram") -> str:
    """Return the code with its needed statements marked, the equations, and the scores."""
    summary = program.summary()
    head, *_, end = summary["program"].splitlines()
    lines = [
        f'<span style="{_STYLES[line["mark"]]}" title="{_escape(line["mark"])}">'
        f"  {_escape(line['statement'])}</span>"
        for line in summary["listing"]
    ]
    code = "\n".join([_escape(head), *lines, _escape(end)])
    about = f"{summary['needed']} of {summary['statements']} statements are needed (bold)"
    if program.fitness is not None:
        about += f"; fitness {program.fitness:.4f}"
    scores = [(name, f"{score:.4f}") for name, score in program.scores.items()]
    parts = [
        f"<b>{_escape(program.name)}</b>",
        f"<p>{_prose(summary['summary'])}</p>" if summary["summary"] else "",
        f'<pre style="line-height:1.3">{code}</pre>',
        f"<p>{about}</p>",
        _table(("task", "score"), scores) if scores else "",
        _equations(program.to_latex()),
    ]
    return f"<div>{''.join(parts)}</div>"


def run_html(run: "Run") -> str:
    """Return the best program of a run with its scores, and the counts of the run."""
    # It imports rich, and needs no notebook.
    from lionhunt.search.driver.report import luck_rows

    summary = run.summary()
    best = run.best
    counts = [
        ("programs", f"{summary['programs']:,} of {summary['total']:,}"),
        ("evaluated", f"{summary['evaluated']:,}"),
        ("cache hits", f"{summary['cache_hit_rate']:.1%} of children"),
        *luck_rows(summary),
        ("history digest", summary["history_digest"]),
    ]
    parts = [f"<b>Run {_escape(str(run.folder))}</b>", _table(("", ""), counts)]
    if best is not None and summary["best"]["scores"]:
        scores = {name: summary[name]["scores"] for name in ("initial", "best")}
        rows = [
            (
                f"{task['name']}: {task['metric']}",
                f"{scores['initial'][task['name']]['score']:.4f}",
                f"{scores['best'][task['name']]['score']:.4f}",
                f"{scores['best'][task['name']]['fitness']:+.1%}",
            )
            for task in summary["tasks"]
        ]
        parts += [_table(("task", "initial", "best", "gain"), rows), program_html(best)]
    return f"<div>{''.join(parts)}</div>"


def hall_of_fame_html(members: "Iterable[OptimizerProgram]") -> str:
    """Return a table of the best program of each length, with its needed statements as code."""
    from lionhunt import dsl

    rows = [
        (
            str(member.num_needed),
            f"{member.fitness:.4f}",
            member.name,
            str(dsl.simplify(member.program)),
        )
        for member in members
    ]
    return _table(("statements", "fitness", "program", "code"), rows)


def _escape(text: str) -> str:
    return html.escape(visible(text))


def _prose(text: str) -> str:
    """Return a text that MathJax leaves alone: between dollar signs, it would obey commands."""
    return f'<span class="tex2jax_ignore mathjax_ignore">{_escape(text)}</span>'


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    style = "text-align:left;vertical-align:top;white-space:pre-wrap;font-family:monospace"
    head = "".join(f"<th>{_escape(cell)}</th>" for cell in heads)
    lines = ["".join(f'<td style="{style}">{_escape(cell)}</td>' for cell in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><tr>{head}</tr>{body}</table>"


def _equations(latex: str) -> str:
    """Return the equations of a LaTeX export for MathJax, and the values of their constants.

    MathJax allows `aligned`, not `align*`, between dollar signs. Comments of the export become
    lines of the page.
    """
    _, _, rest = latex.partition(r"\begin{align*}")
    inner, _, after = rest.partition(r"\end{align*}")
    constants = re.findall(r"^% (\S+ = [^:]+): (.*)$", after, re.MULTILINE)
    lines = [f"<li>${_escape(value)}$: {_prose(meaning)}</li>" for value, meaning in constants]
    aligned = _escape(rf"\begin{{aligned}}{inner}\end{{aligned}}")
    return f"<div>$${aligned}$$<ul>{''.join(lines)}</ul></div>"
