"""A finished run for the code and the queries of the pages."""

from pathlib import Path

import pytest

from tests.support.search.runs import finished


@pytest.fixture(scope="session")
def finished_run_dir(tmp_path_factory) -> Path:
    """Return the folder of a finished run that a formula scored."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    folder.mkdir()
    finished(folder)
    return folder
