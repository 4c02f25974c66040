"""Run the Python code of the README and of the pages."""

import inspect
import os
import shutil
import sys

import pytest

import lionhunt
from lionhunt.search.api.configs import resolve_config
from lionhunt.search.api.experiments import Report
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.storage.run_store import RunStore
from tests.support.pages import PAGES, ROOT, blocks

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
    (tmp_path / "my_lion.py").write_text(lionhunt.program("lion").to_optax())
    monkeypatch.delitem(sys.modules, "my_lion", raising=False)
    start = lionhunt.run

    def run(config, out=None, workers=None, settings=None, on_progress=None, ray_address=None):
        if not isinstance(config, str):
            return start(config, out, workers, settings, on_progress, ray_address)
        resolve_config(config, RunConfig, settings)
        if on_progress is not None:
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

    assert inspect.signature(run).parameters.keys() == inspect.signature(start).parameters.keys()
    monkeypatch.setattr(lionhunt, "run", run)
    monkeypatch.setattr(lionhunt, "resume", lionhunt.load)
    monkeypatch.setattr(lionhunt, "compare", report_of(lionhunt.compare))
    monkeypatch.setattr(lionhunt, "select", report_of(lionhunt.select))


@pytest.mark.parametrize("code", CODE)
def test_code_of_the_pages_runs(code, prepared_folder):
    """Long searches return a prepared run; their arguments are checked all the same."""
    exec(compile(code, f"{os.getcwd()}/code.py", "exec"), {"__name__": "page"})


def test_pages_have_code():
    pages = {str(parameter.id).rpartition("-")[0] for parameter in CODE}
    assert pages >= {"README.md", "docs/api.md", "docs/language.md", "docs/derivation.md"}
