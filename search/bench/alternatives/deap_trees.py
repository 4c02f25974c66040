"""Children in DEAP: genetic programming with expression trees (Fortin et al., 2012)."""

import functools
import random
from typing import Any

from deap import base, gp, tools

from lionhunt.dsl.op_table import OPS
from lionhunt.search.evolution.mutation_space import DRAWN_FUNCTIONS

INPUTS = ("w", "g", "m", "v", "lr")
MUTATION_DEPTHS = (0, 2)
"""Least and greatest depth of a new subtree, as in DEAP's examples."""

draw_constant = functools.partial(random.gauss, 0.0, 1.0)


class TreeFitness(base.Fitness):
    """A fitness of one number; higher is better."""

    weights = (1.0,)


class ExpressionTree(gp.PrimitiveTree):
    """An individual: one tree, which is the update."""

    def __init__(self, content: Any):
        super().__init__(content)
        self.fitness: Any = TreeFitness()


class TreeBreeder:
    """A population of random trees of one size; its children do not join it.

    Args:
        population_size: number of trees.
        num_functions: calls of functions in each tree.
        tournament_size: contestants, drawn with replacement.
    """

    def __init__(self, population_size: int, num_functions: int, tournament_size: int):
        self._functions = make_functions()
        self._tournament_size = tournament_size
        # DEAP draws from the generator of the module.
        random.seed(0)
        self.population = [self._grow(num_functions) for _ in range(population_size)]
        for tree in self.population:
            tree.fitness.values = (random.random(),)
        low, high = MUTATION_DEPTHS
        subtree = functools.partial(gp.genFull, min_=low, max_=high)
        self._mutations = (
            functools.partial(gp.mutUniform, expr=subtree, pset=self._functions),
            functools.partial(gp.mutNodeReplacement, pset=self._functions),
            functools.partial(gp.mutInsert, pset=self._functions),
        )
        self._toolbox: Any = base.Toolbox()

    def __call__(self, number: int) -> ExpressionTree:
        """Breed a child: a mutated copy of the winner of a tournament."""
        (parent,) = tools.selTournament(self.population, 1, self._tournament_size)
        child = self._toolbox.clone(parent)
        (child,) = random.choice(self._mutations)(child)
        del child.fitness.values
        return child

    def _grow(self, num_functions: int) -> ExpressionTree:
        """Insert functions at random into a tree of one leaf; each insertion adds one call."""
        tree = ExpressionTree(gp.genFull(self._functions, 0, 0))
        for _ in range(num_functions):
            (tree,) = gp.mutInsert(tree, self._functions)
        return tree


def make_functions() -> gp.PrimitiveSet:
    """Return the paper's functions, the inputs of a program, and constants from N(0, 1)."""
    functions = gp.PrimitiveSet("optimizer", len(INPUTS))
    functions.renameArguments(**{f"ARG{i}": name for i, name in enumerate(INPUTS)})
    for name in DRAWN_FUNCTIONS:
        op = OPS[name]
        if op.arity:
            functions.addPrimitive(op.evaluate, op.arity, name)
        else:
            functions.addTerminal(float(op.meaning), name)
    functions.addEphemeralConstant("constant", draw_constant)
    return functions
