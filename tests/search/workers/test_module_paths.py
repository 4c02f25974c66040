"""Folders of modules: workers import from none that the driver does not import from."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lionhunt.search.workers.packing import own_module_paths

LIONHUNT = Path(sys.executable).with_name("lionhunt")


def test_ray_is_joined_away_from_a_folder_that_is_not_ours(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["/elsewhere"])
    with own_module_paths():
        assert os.getcwd() == os.sep
    assert os.getcwd() == str(tmp_path)


@pytest.mark.parametrize("entry", ["", "HERE"])
def test_folder_that_this_process_imports_from_stays(entry, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry.replace("HERE", str(tmp_path))])
    with own_module_paths():
        assert os.getcwd() == str(tmp_path)


@pytest.mark.slow
def test_workers_import_nothing_from_the_current_folder_and_read_data_from_it(tmp_path):
    """Search with a real worker in a folder that holds names of modules, and data."""
    for name in ("optax", "equinox", "numpy", "filelock", "json"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')")
    (tmp_path / "texts").mkdir()
    for name in ("train.txt", "valid.txt"):
        (tmp_path / "texts" / name).write_text(f"a line of {name} with some words\n" * 300)
    (tmp_path / "small.toml").write_text(
        "num_programs = 20\n[evolution]\npopulation_size = 10\nlag = 4\n"
        '[[tasks]]\nkind = "text_lm"\npath = "texts"\ntrain_files = "train.txt"\n'
        'validation_files = "valid.txt"\nvocabulary_size = 20\nnum_steps = 10\nbatch_size = 2\n'
        "width = 4\nnum_layers = 1\nlength = 4\n"
    )
    words = [LIONHUNT, "search", "small.toml", "--workers", "1", "--out", "run"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and not (tmp_path / "executed").exists()
