"""Files of a user: a fitness and a mutation that nobody prepared."""

from pathlib import Path

HELPER = "FACTOR = 0.5\n"

FITNESS = '''
from helper import FACTOR

def combine(evaluated):
    """Reward the gain, and small programs a little."""
    return sum(evaluated.gains) - FACTOR * 0.01 * evaluated.cost.length

def trade(evaluated):
    (task,) = evaluated.tasks
    return task.gain, -task.curve[-1], evaluated.cost.state
'''

MUTATION = """
from lionhunt import dsl

def graft(program, rng, space):
    names = [*program.inputs, "nowhere"]
    args = tuple(dsl.Var(rng.choice(names)) for _ in range(2))
    place = rng.randrange(len(program.statements) - space.step.num_statements + 1)
    new = dsl.Statement(rng.choice(["g", "v"]), "add", args)
    statements = (*program.statements[:place], new, *program.statements[place:])
    return dsl.Program(program.inputs, statements, program.outputs)
"""


def write_own_code(folder: Path) -> dict[str, str]:
    """Write the files; return the references to the functions in them, by name."""
    folder.mkdir(exist_ok=True)
    (folder / "helper.py").write_text(HELPER)
    (folder / "own_fitness.py").write_text(FITNESS)
    (folder / "own_mutation.py").write_text(MUTATION)
    return {
        "combine": f"{folder / 'own_fitness.py'}:combine",
        "trade": f"{folder / 'own_fitness.py'}:trade",
        "graft": f"{folder / 'own_mutation.py'}:graft",
    }
