"""Speed of the language: programs a second of each part, on one core."""

import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from lionhunt.dsl import library
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.fingerprinting import analyze, fingerprint
from lionhunt.dsl.analysis.functional_equivalence import functional_fingerprint
from lionhunt.dsl.analysis.liveness import find_live
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.parser import parse
from lionhunt.dsl.validation import infer
from lionhunt.search.environment import processor_name
from lionhunt.search.evolution.mutation import mutate
from lionhunt.search.evolution.mutation_space import MutationSpace
from lionhunt.search.evolution.regularized import Individual, breed, initial_individual

LENGTHS = (10, 40, 100)
"""Statements of the timed programs."""

STEADY_LENGTH = 40
"""Typical length in a long search."""
TOURNAMENT_SIZE = 4

NUM_PROGRAMS = 100
NUM_ROUNDS = 5


def bench_dsl() -> dict[str, Any]:
    """Measure the programs a second of each part of the language, on one core.

    Mutations grow the programs from AdamW. They keep both its states, and as many needed
    statements as it has. Most others are redundant, as in a search. The library's programs have
    no redundant statements. A child is bred, checked, fingerprinted and looked up, as in a search.
    Figures are medians of several rounds, in the processor time of this process.
    """
    grown = [
        [grow_program(length, random.Random(seed)) for seed in range(NUM_PROGRAMS)]
        for length in LENGTHS
    ]
    figures = [_bench(programs) for programs in grown]
    children = figures[LENGTHS.index(STEADY_LENGTH)]["programs_per_second"]["child"]
    return {
        "machine": machine_name(),
        "lengths": figures,
        "library": _bench([library.load(name) for name in library.names()]),
        "children_per_second": children,
    }


def machine_name() -> str:
    """Return the processor, its number of cores and the version of Python."""
    return f"{processor_name()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _bench(programs: list[Program]) -> dict[str, Any]:
    """Return the programs a second of each part, and the mean length of the programs."""
    rng = random.Random(0)
    texts = [str(program) for program in programs]
    forms = [canonicalize(program) for program in programs]
    space = MutationSpace()
    rates = {
        "parse": rate(parse, texts),
        "infer": rate(infer, programs),
        "liveness": rate(find_live, programs),
        "fingerprint": rate(fingerprint, programs),
        "functional_fingerprint": rate(functional_fingerprint, forms),
        "mutate": rate(lambda program: mutate(program, rng, space), programs),
        "child": rate(Breeder(programs), range(10 * NUM_PROGRAMS)),
    }
    return {
        "statements": statistics.fmean(len(program.statements) for program in programs),
        "needed": statistics.fmean(sum(find_live(program)[0]) for program in programs),
        "programs_per_second": rates,
    }


def grow_program(length: int, rng: random.Random) -> Program:
    """Grow a program of this many statements from AdamW."""
    initial = library.load("adamw_initial")
    least = sum(find_live(initial)[0])
    program = initial
    while len(program.statements) < length:
        mutant = mutate(program, rng, MutationSpace()).program
        needed, states = find_live(mutant)
        if sum(needed) >= least and len(states) == len(initial.states):
            program = mutant
    return program


class Breeder:
    """The work of a search for a child before it is scored, with a history of given programs."""

    def __init__(self, programs: list[Program]):
        rng = random.Random(0)
        self.history = {i: initial_individual(i, p) for i, p in enumerate(programs)}
        self.fitness = [rng.random() for _ in programs]
        self.identities = [analyze(program) for program in programs]
        self.fingerprints = {identity.fingerprint for identity in self.identities}

    def breed(self, number: int) -> Individual:
        """Return a child: a valid mutation of the winner of a tournament."""
        return breed(
            self.history,
            self.fitness.__getitem__,
            len(self.history) + number,
            seed=0,
            population_size=len(self.history),
            tournament_size=TOURNAMENT_SIZE,
            # The candidate parents are always the given programs.
            lag=number,
            space=MutationSpace(),
        )

    def __call__(self, number: int) -> bool:
        """Breed a child; return True if it is a cache hit."""
        child = self.breed(number)
        assert child.parent is not None
        identity = analyze(child.program, self.identities[child.parent])
        return identity.fingerprint in self.fingerprints


def rate(function: Callable[[Any], Any], values: Sequence[Any]) -> float:
    """Return the calls a second, in processor time: the median over rounds."""
    rates = []
    for _ in range(NUM_ROUNDS):
        start = time.process_time()
        for value in values:
            function(value)
        rates.append(len(values) / (time.process_time() - start))
    return statistics.median(rates)
