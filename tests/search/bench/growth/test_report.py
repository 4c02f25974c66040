"""The report of growth, its figures and its command."""

import json

import pytest

from lionhunt.search.bench.growth import loop
from lionhunt.search.bench.growth.axis import GrowthAxis, GrowthCurve
from lionhunt.search.bench.growth.figures import growth_figure, slope_line
from lionhunt.search.bench.growth.report import growth_blocks
from lionhunt.search.reporting.blocks import to_markdown_report
from tests.support.search.command_line import is_one_line


def measure(sizes):
    for size in sizes:
        yield {"boxes": size, "slow_ms": size**2 / 1e3} | ({"mib": 40.0} if size > 10 else {})


BOXES = GrowthAxis(
    "boxes",
    "Boxes are counted.",
    (
        GrowthCurve("slow_ms", "a box", "ms"),
        GrowthCurve("mib", "memory", "MiB"),
        GrowthCurve("never", "never measured", "s"),
    ),
    (10, 100, 1000),
    (10_000,),
    measure,
)
LIDS = BOXES._replace(name="lids", measure=lambda sizes: ({"lids": n, "mib": n} for n in sizes))


@pytest.fixture
def boxes(monkeypatch):
    monkeypatch.setattr(loop, "AXES", loop.AXES)
    for name in list(loop.AXES):
        monkeypatch.delitem(loop.AXES, name)
    monkeypatch.setitem(loop.AXES, "boxes", BOXES)
    monkeypatch.setitem(loop.AXES, "lids", LIDS)


def test_report_has_rows_slopes_command_and_machine(boxes):
    seen = []
    found = dict(
        loop.measure_growth(["boxes"], "the command", is_full=True, on_activity=seen.append)
    )
    assert [activity.text for activity in seen[:2]] == [
        "growth with boxes",
        "growth with boxes, 10 measured",
    ]
    assert len(seen) == 5 and {activity.count_text for activity in seen} == {"0 of 1 axes"}
    assert found["boxes"]["slopes"] == {"slow_ms": 2.0, "mib": 0.0, "never": None}
    text = to_markdown_report("the test", growth_blocks(found, has_figures=True))
    assert "| boxes | a box (ms) | memory (MiB) |" in text
    assert "| 10 | 0.1 |  |" in text and "| 10,000 | 100,000 | 40 |" in text
    assert "| slope | 2.00 | 0.00 |" in text
    assert "Boxes are counted." in text and "![Growth with boxes](boxes.png)" in text
    assert f"Measured by `the command` on {found['boxes']['machine']}." in text


def test_figure_has_a_panel_for_each_unit_and_names_slopes():
    found = loop.summarize_axis(BOXES, list(measure([10, 100, 1000])))
    time, memory = growth_figure(BOXES, found).axes
    assert (time.get_ylabel(), memory.get_ylabel()) == ("ms", "MiB")
    assert time.get_legend_handles_labels()[1] == ["a box: 2.00"]
    assert time.get_xscale() == time.get_yscale() == "log"


def test_line_of_a_slope_goes_through_a_power_law():
    points = [(size, 3 * size**0.5) for size in (1, 10, 100, 1000)]
    sizes, values = slope_line(points, 0.5)
    assert sizes == [100, 1000]
    assert values == pytest.approx([3 * 100**0.5, 3 * 1000**0.5])


def test_report_is_written_and_keeps_other_axes(boxes, invoke_cli, tmp_path):
    status, out, err = invoke_cli("bench", "growth", "lids", "--out", tmp_path)
    assert status == 0 and "growth with lids" in out
    status, out, _ = invoke_cli("bench", "growth", "boxes", "--full", "--out", tmp_path, "--json")
    summary = json.loads(out)
    assert json.loads((tmp_path / "report.json").read_text()) == summary
    assert list(summary) == ["boxes", "lids"]
    assert summary["boxes"]["command"] == "lionhunt bench growth boxes --full"
    assert summary["lids"]["command"] == "lionhunt bench growth lids"
    assert [len(found["rows"]) for found in summary.values()] == [4, 3]
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"report.json", "report.md", "boxes.png", "boxes.svg", "lids.png", "lids.svg"}


def test_an_interrupt_loses_no_axis_that_is_measured(boxes, invoke_cli, monkeypatch, tmp_path):
    def interrupt(sizes):
        raise KeyboardInterrupt

    monkeypatch.setitem(loop.AXES, "lids", loop.AXES["lids"]._replace(measure=interrupt))
    status, _, _ = invoke_cli("bench", "growth", "boxes", "lids", "--out", tmp_path)
    assert status == 130
    assert list(json.loads((tmp_path / "report.json").read_text())) == ["boxes"]


def test_unknown_axis_is_refused_in_one_line(invoke_cli):
    status, _, err = invoke_cli("bench", "growth", "statement")
    assert status == 2 and is_one_line(err) and "did you mean 'statements'" in err


@pytest.mark.parametrize("text", ["[1]", "{", '{"loads": []}'])
def test_folder_with_another_report_is_refused_in_one_line(text, invoke_cli, tmp_path):
    (tmp_path / "report.json").write_text(text)
    status, _, err = invoke_cli("bench", "growth", "statements", "--out", tmp_path)
    assert status == 2 and is_one_line(err) and "no report of growth" in err
