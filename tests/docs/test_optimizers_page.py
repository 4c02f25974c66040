"""Compare docs/optimizers.md with the library, and its errors with the oracles."""

import csv
import runpy

from lionhunt.dsl import library
from tests.support.dsl.oracles.all_oracles import ORACLES
from tests.support.dsl.oracles.errors import FILE
from tests.support.pages import ROOT, read_page

SCRIPT = runpy.run_path(str(ROOT / "docs" / "optimizers.py"))


def test_page_is_that_of_the_library():
    assert SCRIPT["page"]() == read_page("docs/optimizers.md"), "run `make docs`"


def test_every_program_has_one_family():
    names = [name for family in SCRIPT["FAMILIES"].values() for name in family.split()]
    assert sorted(names) == list(library.names())


def test_errors_are_those_of_all_oracles():
    """Compare the pairs; an error is within a tolerance of a number and of the largest one."""
    with FILE.open(encoding="utf-8", newline="") as file:
        errors = {(row["program"], row["oracle"]): row["error"] for row in csv.DictReader(file)}
    oracles = {(name, oracle.name): oracle for name, oracle in ORACLES}
    assert errors.keys() == oracles.keys(), "run `python -m tests.support.dsl.oracles.errors`"
    for pair, error in errors.items():
        assert float(error) <= 2 * oracles[pair].rtol, pair
