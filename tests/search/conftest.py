"""Old names of fixtures."""

import pytest


@pytest.fixture
def lionhunt(invoke_cli):
    return invoke_cli


@pytest.fixture(scope="module")
def run(finished_run_dir):
    return finished_run_dir
