"""Files of a report."""

import json
import subprocess
import sys

import pytest

from lionhunt.errors import LionhuntError
from lionhunt.search.reporting import write_report
from lionhunt.search.reporting.figures import make_figure


def test_report_has_json_markdown_and_figures(tmp_path):
    summary = {"a": [1, 2]}
    folder = tmp_path / "new" / "folder"
    path = write_report(folder, summary, "# text\n", {"drawn": make_figure(1, 1)}, name="r")
    assert path == folder / "r.md" and path.read_text() == "# text\n"
    assert json.loads((folder / "r.json").read_text()) == summary
    assert {p.name for p in folder.iterdir()} == {"r.md", "r.json", "drawn.png", "drawn.svg"}


def test_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LionhuntError, match="cannot write in .*file: .*; make room"):
        write_report(tmp_path / "file", {}, "")


def test_reports_without_figures_import_no_matplotlib():
    code = "import sys, lionhunt.search.reporting; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_link_of_the_name_of_a_report_is_replaced(tmp_path):
    (tmp_path / "mine").write_text("mine")
    folder = tmp_path / "mailed"
    folder.mkdir()
    names = ("report.md", "report.json", "curve.png", "curve.svg")
    for name in names:
        (folder / name).symlink_to(tmp_path / "mine")
    write_report(folder, {"a": 1}, "text", {"curve": make_figure(1.0, 1.0)})
    assert (tmp_path / "mine").read_text() == "mine"
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert not any((folder / name).is_symlink() for name in names)
