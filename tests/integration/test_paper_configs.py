"""Searches of the paper without its data: one line names what is missing."""

import re
from pathlib import Path

import pytest

from tests.support.search.command_line import is_one_line

CONFIGS = Path("configs").absolute()


@pytest.mark.parametrize(
    "name, wanted",
    [
        ("paper_vision", "train_data_batch_1.npz and val_data.npz of Downsampled ImageNet 64x64"),
        ("paper_language", "1-billion-word-language-modeling-benchmark-r13output"),
    ],
)
def test_search_without_its_data_ends_in_one_line(invoke_cli, tmp_path, monkeypatch, name, wanted):
    monkeypatch.chdir(tmp_path)
    status, out, err = invoke_cli("search", CONFIGS / f"{name}.toml")
    assert (status, out) == (2, "") and is_one_line(err)
    assert re.search(f"there is no folder data/.* in {tmp_path}; .*{wanted}", err)
    folder = tmp_path / "empty"
    folder.mkdir()
    status, _, err = invoke_cli(
        "search", CONFIGS / f"{name}.toml", "--set", f"tasks.0.path={folder}"
    )
    assert status == 2 and is_one_line(err) and str(folder) in err and wanted in err
    # There is no run.
    assert list(tmp_path.iterdir()) == [folder] and not list(folder.iterdir())
