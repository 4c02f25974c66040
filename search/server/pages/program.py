"""The page of a program of a run: code, equations, scores, curves, relatives, exports."""

import itertools
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lionhunt.dsl.analysis import liveness
from lionhunt.dsl.export.latex import to_latex
from lionhunt.search.api.programs import OptimizerProgram
from lionhunt.search.driver.summary import summarize_program
from lionhunt.search.report_page import charts
from lionhunt.search.report_page.curves import read_curves
from lionhunt.search.report_page.equations import to_equations
from lionhunt.search.report_page.page import script_json
from lionhunt.search.report_page.run import about, with_gains
from lionhunt.search.server import render
from lionhunt.search.server.following.program_index import ProgramIndex, ProgramQuery
from lionhunt.search.server.names import NoPageError, in_run, to_run
from lionhunt.search.server.pages.program_facts import refuse_own_code, score_rows
from lionhunt.search.server.pages.search import to_row
from lionhunt.search.server.simplifications import answer
from lionhunt.search.storage.program_ref import Source
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram

NUM_RELATIVES = 20
"""Rows of each table of relatives."""
EXPORTS = {
    "optax": OptimizerProgram.to_optax,
    "torch": OptimizerProgram.to_torch,
    "latex": OptimizerProgram.to_latex,
}


def show(request: Request) -> Response:
    """Return the page of a program."""
    served, name = request.app.state.served, request.path_params["name"]
    index = request.path_params["index"]
    folder = to_run(served.root, name)
    found = in_run(served.root, name, index)
    source, row = found.source, found.source.row
    assert row is not None
    follower = served.followers.of(folder)
    # Relatives are those that the index has so far.
    follower.look()
    with source.functions, RunStore.open_to_read(folder) as records:
        scores = score_rows(records, row)
        curves = read_curves(records, row) if scores else []
        described = summarize_program(source)
        equations = to_equations(_latex(source))
    by_id = {f"curves-{i}": charts.curves_chart(task["lines"]) for i, task in enumerate(curves)}
    return render.page(
        "live_program.html",
        name=name,
        title=folder.resolve().name,
        index=index,
        row=row,
        about=about(row),
        described=described | {"improvements": with_gains(described["improvements"])},
        equations=equations,
        scores=scores,
        curves=curves,
        data=script_json({"charts": by_id}),
        relatives=_relatives(follower.index, row),
        exports=list(EXPORTS),
    )


def text(request: Request) -> Response:
    """Return one line about a program, and its needed statements, as JSON."""
    folder = to_run(request.app.state.served.root, request.path_params["name"])
    with RunStore.open_to_read(folder) as records:
        row = records.row(request.path_params["index"])
        return render.json(script_json([about(row), str(liveness.simplify(row.program))]))


def export(request: Request) -> Response:
    """Return a program as code of another kind, in a part of its page or as a file."""
    target = request.path_params["target"]
    if target not in EXPORTS:
        raise NoPageError(f"no export {target!r}")
    found = _find(request)
    refuse_own_code(found)
    exported = EXPORTS[target](found)
    if "file" in request.query_params:
        ending = "tex" if target == "latex" else "py"
        name = f"program_{found.index}.{ending}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(exported, media_type="text/plain; charset=utf-8", headers=headers)
    return render.fragment("code", f"{target} code", exported)


def classification(request: Request) -> Response:
    """Return the nearest known optimizers as a part of the page of a program."""
    served, words = request.app.state.served, request.path_params
    folder = to_run(served.root, words["name"]).resolve()
    refuse_own_code(_find(request))
    # It is busy for seconds, in which this process could answer nobody.
    (summary,) = answer("classify", f"{folder}:{words['index']}", "--no-behavior", "--json")
    return render.fragment("nearest", summary)


def _find(request: Request) -> OptimizerProgram:
    words = request.path_params
    return in_run(request.app.state.served.root, words["name"], words["index"])


def _latex(source: Source) -> str:
    return to_latex(liveness.simplify(source.program), "update", source.notes)


def _relatives(index: ProgramIndex, row: StoredProgram) -> dict[str, Any]:
    """Return the best children, and other programs of the same fingerprint."""
    number = row.individual.index
    children = index.find(ProgramQuery(parent=number))
    same = index.find(ProgramQuery(fingerprint=row.fingerprint))
    others = (entry for entry in same if entry.index != number)
    return {
        "num_children": index.num_children(number),
        "children": [to_row(entry) for entry in itertools.islice(children, NUM_RELATIVES)],
        "same": [to_row(entry) for entry in itertools.islice(others, NUM_RELATIVES)],
    }
