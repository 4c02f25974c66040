"""Run the Python code of the README and of the pages."""

import inspect
import os
import shutil
import sys

import jax
import pytest

import lionhunt
from lionhunt.search.api.configs import resolve_config
from lionhunt.search.api.experiments import Report
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.storage.run_store import RunStore
from tests.support.pages import PAGES, ROOT, blocks
from tests.support.search.runs import start_formula_pool

CODE = [
    pytest.param(code, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, code in enumerate(blocks(page.read_text("utf-8"), "python"), start=1)
]
RUN = "runs/quickstart"


@pytest.fixture
def prepared_folder(finished_run_dir, tmp_path, monkeypatch):
    """Enter a folder with a finished run and an exported optimizer, without the long searches."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    shutil.copytree(finished_run_dir, RUN)
    adamw = lionhunt.program("adamw_initial")
    files = {
        "my_lion": lionhunt.program("lion").to_optax(),
        "my_optimizer": adamw.to_optax("my_optimizer"),
        "my_torch_optimizer": adamw.to_torch("my_optimizer"),
    }
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr("lionhunt.search.driver.scoring.start_pool", start_formula_pool())
    start = lionhunt.run

    def run(config, **options):
        if not isinstance(config, str):
            return start(config, **options)
        inspect.signature(start).bind(config, **options)
        resolve_config(config, RunConfig, options.get("settings"))
        if on_progress := options.get("on_progress"):
            with RunStore.open_to_read(tmp_path / RUN) as store:
                on_progress(RunProgress.of_records(store))
        return lionhunt.load(RUN)

    def report_of(function):
        def call(*args, **kwargs):
            folder = tmp_path / inspect.signature(function).bind(*args, **kwargs).arguments["out"]
            folder.mkdir(parents=True)
            (folder / "report.md").write_text("# Report\n")
            return Report(folder, {})

        return call

    monkeypatch.setattr(lionhunt, "run", run)
    monkeypatch.setattr(lionhunt, "resume", lionhunt.load)
    monkeypatch.setattr(lionhunt, "compare", report_of(lionhunt.compare))
    monkeypatch.setattr(lionhunt, "select", report_of(lionhunt.select))


@pytest.mark.parametrize("code", CODE)
def test_code_of_the_pages_runs(code, prepared_folder):
    """Run the code; searches score by a formula or return a prepared run.

    JAX has the settings of a user, not the strict ones of the tests.
    """
    with jax.numpy_rank_promotion("allow"):
        exec(compile(code, f"{os.getcwd()}/code.py", "exec"), {"__name__": "page"})


def test_pages_have_code():
    pages = {str(parameter.id).rpartition("-")[0] for parameter in CODE}
    assert pages >= {"README.md", "docs/api.md", "docs/language.md", "docs/derivation.md"}
