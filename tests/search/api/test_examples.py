"""The examples in the docstrings of the API, run as a user would type them."""

import doctest

import pytest

import lionhunt
from lionhunt.search.api import configs, experiments, own_functions, programs, runs, searches
from tests.support.search.runs import finished

MODULES = [lionhunt, configs, experiments, own_functions, programs, runs]
MODULES.append(pytest.param(searches, marks=pytest.mark.slow))  # type: ignore[arg-type]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_examples_print_what_they_say(module, tmp_path):
    finished(tmp_path / "finished", num_programs=60)
    names = {"folder": tmp_path, "finished_run": tmp_path / "finished"}
    tests = doctest.DocTestFinder().find(module, extraglobs=vars(module) | names)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in tests:
        runner.run(test)
    assert not runner.failures


def test_every_public_name_is_there_and_documented():
    for name in lionhunt.__all__:
        value = getattr(lionhunt, name)
        assert name == "__version__" or value.__doc__, name
    assert set(dir(lionhunt)) == set(lionhunt.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'serch'"):
        _ = lionhunt.serch  # pyright: ignore[reportAttributeAccessIssue]
