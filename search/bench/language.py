"""Measurements of lionhunt itself: how fast the language is."""

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
from lionhunt.dsl.analysis.liveness import live
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.parser import parse
from lionhunt.dsl.validation import infer
from lionhunt.search.environment import processor_name
from lionhunt.search.evolution.mutation import MutationSpace, mutate
from lionhunt.search.evolution.regularized import breed, initial_individual

LENGTHS = (10, 40, 100)
"""Statements of the programs that are timed."""

STEADY_LENGTH = 40
"""About the length that a search lives at."""

NUM_PROGRAMS = 100
NUM_ROUNDS = 5


def bench_dsl() -> dict[str, Any]:
    """How many programs a second each part of the language takes, on one core.

    The programs are grown from AdamW by mutations that leave both its states and as many
    statements alive as it has; most of the rest is redundant, as in a search. Of the library's
    programs, last, nothing is. A child is bred (a tournament and a mutation), checked,
    fingerprinted and looked up among known fingerprints, as in a search. Medians of several rounds,
    in the processor time of this process, so that other processes count as little as they can.
    """
    grown = [
        [_grow(length, random.Random(seed)) for seed in range(NUM_PROGRAMS)] for length in LENGTHS
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
    """The processor, the number of cores and the Python that the figures are of."""
    return f"{processor_name()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _bench(programs: list[Program]) -> dict[str, Any]:
    """Programs a second of each part, and the mean length of the programs."""
    rng = random.Random(0)
    texts = [str(program) for program in programs]
    forms = [canonicalize(program) for program in programs]
    space = MutationSpace()
    rates = {
        "parse": _rate(parse, texts),
        "infer": _rate(infer, programs),
        "liveness": _rate(live, programs),
        "fingerprint": _rate(fingerprint, programs),
        "functional_fingerprint": _rate(functional_fingerprint, forms),
        "mutate": _rate(lambda program: mutate(program, rng, space), programs),
        "child": _rate(_Breeder(programs), range(10 * NUM_PROGRAMS)),
    }
    return {
        "statements": statistics.fmean(len(program.statements) for program in programs),
        "needed": statistics.fmean(sum(live(program)[0]) for program in programs),
        "programs_per_second": rates,
    }


def _grow(length: int, rng: random.Random) -> Program:
    """A program of that many statements, bred from AdamW."""
    initial = library.load("adamw_initial")
    least = sum(live(initial)[0])
    program = initial
    while len(program.statements) < length:
        _, mutant, _ = mutate(program, rng, MutationSpace())
        needed, states = live(mutant)
        if sum(needed) >= least and len(states) == len(initial.states):
            program = mutant
    return program


class _Breeder:
    """What a search does for a child before it is scored, with a history of given programs."""

    def __init__(self, programs: list[Program]):
        rng = random.Random(0)
        self.history = {i: initial_individual(i, p) for i, p in enumerate(programs)}
        self.fitness = [rng.random() for _ in programs]
        self.identities = [analyze(program) for program in programs]
        self.known = {identity.fingerprint for identity in self.identities}

    def __call__(self, number: int) -> bool:
        """Breeds a child; returns whether it was known."""
        child = breed(
            self.history,
            self.fitness.__getitem__,
            len(self.history) + number,
            seed=0,
            population_size=len(self.history),
            tournament_size=4,
            lag=number,  # so that the elders are always the given programs
            space=MutationSpace(),
        )
        assert child.parent is not None
        identity = analyze(child.program, self.identities[child.parent])
        return identity.fingerprint in self.known


def _rate(function: Callable[[Any], Any], values: Sequence[Any]) -> float:
    """Calls a second, in processor time: the median over rounds."""
    rates = []
    for _ in range(NUM_ROUNDS):
        start = time.process_time()
        for value in values:
            function(value)
        rates.append(len(values) / (time.process_time() - start))
    return statistics.median(rates)
