"""The page of an experiment: its report, with HTML as text and pictures inside."""

import base64

import pytest

from lionhunt.search.errors import RecordError
from lionhunt.search.report_page import folder_page
from tests.support.search.html_pages import check_page

PNG = b"\x89PNG\r\n\x1a\nrest"
REPORT = """# Selection

| name | gain |
|---|---|
| <script>alert(1)</script> | 0.5 |

![curves](curves.png)
![outside](../secret.png)
![elsewhere](https://example.org/x.png)

[link](https://example.org) <https://example.org> \x1b[2J
"""


def test_report_becomes_a_page(tmp_path):
    (tmp_path / "report.md").write_text(REPORT)
    (tmp_path / "curves.png").write_bytes(PNG)
    parsed = check_page(folder_page(tmp_path))
    sources = parsed.names("src")
    assert sources[0] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert sources[1:] == ["data:,", "data:,"]
    assert "<script>alert(1)</script>" in parsed.text and r"\x1b[2J" in parsed.text
    assert "sortable" in parsed.names("class")


def test_links_and_other_files_are_no_pictures(tmp_path):
    (tmp_path / "report.md").write_text("# A\n\n![a](a.png) ![b](b.png)\n")
    (tmp_path / "a.png").write_bytes(b"secret")
    (tmp_path / "c").write_bytes(PNG)
    (tmp_path / "b.png").symlink_to(tmp_path / "c")
    assert check_page(folder_page(tmp_path)).names("src") == ["data:,", "data:,"]


def test_folder_without_a_report_is_one_line(tmp_path):
    with pytest.raises(RecordError, match="no run and no report"):
        folder_page(tmp_path)
