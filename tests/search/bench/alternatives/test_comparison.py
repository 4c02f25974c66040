"""Lionhunt beside its alternatives: figures, missing packages and table. No test is of speed."""

import json

import pytest

from lionhunt.dsl import library
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.bench.alternatives import breeding, packages, training
from lionhunt.search.bench.alternatives.deap_trees import INPUTS, TreeBreeder, make_functions
from lionhunt.search.bench.alternatives.pyglove_programs import DnaBreeder
from lionhunt.search.bench.sample_children import Children
from lionhunt.search.cli.bench import parts as bench_command
from lionhunt.search.evolution.mutation_space import DRAWN_FUNCTIONS
from tests.support.search.command_line import call


@pytest.fixture
def children(monkeypatch):
    names = ("momentum", "signsgd", "signum")
    programs = tuple(library.load(name) for name in names)
    functions = frozenset().union(*(assemble(program).functions for program in programs))
    found = Children("a run", functions, programs[0], programs)
    monkeypatch.setattr(bench_command, "breed_children", lambda *_: found)
    return found


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(training, "TASK", DigitsMLP(num_steps=10, batch_size=2, width=2))
    monkeypatch.setattr(training, "KNOWN", ("lion",))
    monkeypatch.setattr(training, "NUM_CHILDREN", 2)
    monkeypatch.setattr(training, "NUM_COMPILED", 1)
    monkeypatch.setattr(breeding, "POPULATION_SIZE", 4)
    monkeypatch.setattr(breeding, "NUM_STATEMENTS", 12)
    monkeypatch.setattr(breeding, "NUM_ROUNDS", 1)


def test_all_ways_are_measured_in_one_table(children, quick, monkeypatch, capsys):
    figures = json.loads(call(monkeypatch, capsys, "bench", "alternatives", "--json"))
    assert figures["missing"] == []
    assert {"lionhunt", "jax", "torch", "deap", "pyglove"} <= figures["versions"].keys()
    trained, bred = figures["training"], figures["breeding"]
    assert (trained["candidates"], trained["steps"], trained["compiled"]) == (3, 10, 1)
    ways = [training.MACHINE, training.COMPILED, training.EXPORTED, training.INTERPRETED]
    assert list(trained["ways"]) == ways
    assert trained["ways"][training.MACHINE]["ratio"] == 1
    assert bred["ways"][breeding.WHOLE]["ratio"] == 1 and len(bred["ways"]) == 6
    for way in (*trained["ways"].values(), *bred["ways"].values()):
        assert min(value for value in way.values() if not isinstance(value, str)) > 0


def test_candidate_that_diverges_in_one_way_has_no_times(monkeypatch):
    monkeypatch.setattr(training, "NUM_ROUNDS", 2)
    times = training._time({"one": lambda: 0.5, "other": lambda: 1.5})
    assert {name: len(seconds) for name, seconds in times.items()} == {"one": 2, "other": 2}
    assert training._time({"one": lambda: 0.5, "other": lambda: float("nan")}) == {}


def test_missing_packages_are_named_and_the_rest_is_measured(children, quick, monkeypatch, capsys):
    for module in (packages, training, breeding):
        monkeypatch.setattr(module, "is_installed", lambda package: False)
    shown = call(monkeypatch, capsys, "bench", "alternatives")
    assert "not measured: torch, deap, pyglove; run 'pip install lionhunt[bench]'" in shown
    for name in (training.MACHINE, training.COMPILED, breeding.WHOLE):
        assert name in shown
    for name in (training.EXPORTED, "DEAP", "PyGlove"):
        assert name not in shown
    assert "leaves out" in shown and "3 candidates train 10 steps of digits_mlp" in shown


def test_packages_that_are_installed_are_found():
    assert packages.is_installed("jax") and not packages.is_installed("no_such_package")
    assert packages.missing_packages() == []


def test_trees_have_the_size_and_children_differ_from_their_parents():
    breeder = TreeBreeder(5, 12, 3)
    for tree in breeder.population:
        assert sum(node.arity > 0 for node in tree) == 12
    before = [str(tree) for tree in breeder.population]
    children = [breeder(number) for number in range(50)]
    assert [str(tree) for tree in breeder.population] == before
    assert sum(str(child) not in before for child in children) > 25
    assert not any(child.fitness.valid for child in children)


def test_trees_have_the_functions_of_a_search():
    names = {node.name for nodes in make_functions().primitives.values() for node in nodes}
    constants = {name for name in DRAWN_FUNCTIONS if name.startswith("get_")}
    assert names == set(DRAWN_FUNCTIONS) - constants and len(constants) == 3
    assert set(INPUTS) <= make_functions().mapping.keys()


def test_proposals_are_programs_of_the_length():
    breeder = DnaBreeder(4, 3, 2)
    statements = breeder.decode(0)
    assert len(statements) == 3
    assert {statement.function for statement in statements} <= set(DRAWN_FUNCTIONS)
    names = {*INPUTS, *(f"v{number}" for number in range(1, 11))}
    assert {statement.target for statement in statements} <= names
