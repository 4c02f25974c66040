"""Names for the variables of a program by role: momentum, weight_decay, update.

The words are those of the library's Lion. A variable without a role is named by its function.
"""

from lionhunt.dsl.classification.skeletons import make_state_skeletons
from lionhunt.dsl.classification.wording import describe_state
from lionhunt.dsl.export.dataflow import Value
from lionhunt.dsl.export.identifiers import Event, allot
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Arg, Const, Program, Statement, Var
from lionhunt.dsl.validation import infer

WEIGHT, GRADIENT, SCHEDULE, UPDATE = "weight", "gradient", "lr", "update"

_SCALE, _CORRECTION = "scale", "bias_correction"

_RESULTS = {
    "add": "sum",
    "subtract": "difference",
    "multiply": "product",
    "divide": "ratio",
    "power": "powered",
    "max": "larger",
    "min": "smaller",
    "dot": "dot_product",
    "cosine_sim": "similarity",
    "clip": "clipped",
    "interp": "average",
    "get_pi": "pi",
    "get_e": "euler",
    "get_eps": "epsilon",
}
"""Name of the result of a function of several values or of none."""

_PREFIXES = {"square": "squared", "cube": "cubed", "clip": "clipped", "negative": "negated"}
"""Words before the name of a function's argument; by default the name of the function."""

_SUFFIXES = {"norm", "global_norm"} | {
    f"{part}_{word}" for part in ("row", "column", "array") for word in ("mean", "max", "norm")
}
"""Functions whose name comes after the name of the argument."""


def name_by_role(program: Program) -> Program:
    """Return the program with every variable named by its role.

    As in the library, a later variable reuses a name once its earlier value is no longer read.

    Args:
        program: valid program, preferably without redundant statements.
    """
    values = _Values(program)
    holders = [Value(stem, Kind.TREE) for stem in values.stems()]
    num_inputs = len(program.inputs)

    def read(args: tuple[int | Const, ...]) -> tuple[Value, ...]:
        return tuple(holders[arg] for arg in args if isinstance(arg, int))

    events: list[Event] = [(holder, ()) for holder in holders[:num_inputs]]
    # All inputs are read here, so each of them gets a name of its own.
    events.append((None, tuple(holders[:num_inputs])))
    events += zip(holders[num_inputs:], map(read, values.args), strict=True)
    events.append((None, read(values.outputs)))
    names = allot(events, ())

    def write(args: tuple[int | Const, ...]) -> tuple[Arg, ...]:
        return tuple(Var(names[holders[a]]) if isinstance(a, int) else a for a in args)

    statements = tuple(
        Statement(names[holder], op, write(args))
        for holder, op, args in zip(holders[num_inputs:], values.ops, values.args, strict=True)
    )
    inputs = tuple(names[holder] for holder in holders[:num_inputs])
    return Program(inputs, statements, write(values.outputs))


class _Values:
    """Values of a program by number: first the inputs, then the result of each statement."""

    def __init__(self, program: Program):
        self.program = program
        self.first = len(program.inputs)
        self.schedule = self.first - 1
        self.kinds = [*[Kind.TREE] * self.schedule, Kind.SCALAR, *infer(program)]
        self.ops = [statement.op for statement in program.statements]
        self.args: list[tuple[int | Const, ...]] = []
        env = {name: number for number, name in enumerate(program.inputs)}

        def read(args: tuple[Arg, ...]) -> tuple[int | Const, ...]:
            return tuple(env[arg.name] if isinstance(arg, Var) else arg for arg in args)

        for number, statement in enumerate(program.statements, self.first):
            self.args.append(read(statement.args))
            env[statement.target] = number
        self.outputs = read(program.outputs)

    def stems(self) -> list[str]:
        """Return a name for each value; the stages of one quantity share a name."""
        roles = enumerate(make_state_skeletons(self.program))
        states = [describe_state(f"s{i}", new).replace(" ", "_") for i, new in roles]
        stems: dict[int, str] = dict(enumerate([WEIGHT, GRADIENT, *states, SCHEDULE]))
        for state, output in zip(states, self.outputs[1:], strict=True):
            if isinstance(output, int):
                stems.setdefault(output, state)
        named = set(stems)
        self._name_update(stems)
        # The subject of a value is the quantity it derives from: the momentum, for its root.
        subjects = dict(stems)
        for number in range(self.first, self.first + len(self.ops)):
            name, subject = self._derive_name(number, stems, subjects, named)
            stems.setdefault(number, name)
            subjects.setdefault(number, subject)
        return [stems[number] for number in range(len(stems))]

    def _made_by(self, number: int) -> tuple[str, tuple[int | Const, ...]]:
        return self.ops[number - self.first], self.args[number - self.first]

    def _name_update(self, stems: dict[int, str]) -> None:
        """Name the update, and the earlier stages from which it is made."""
        (number, *_) = self.outputs
        while isinstance(number, int) and number not in stems:
            stems[number] = UPDATE
            number = self._previous_stage(number, stems)

    def _previous_stage(self, number: int, stems: dict[int, str]) -> int | None:
        """Return the previous stage of the update, or None if several values make it."""
        op, args = self._made_by(number)
        if op not in ("add", "subtract", "multiply", "divide", "clip") and OPS[op].arity != 1:
            return None
        made = [a for a in args if isinstance(a, int) and self.kinds[a] is Kind.TREE]
        if op in ("add", "subtract"):
            made = [a for a in made if a not in stems and not self._is_multiple(a, 0)]
        elif op == "divide":
            made = [a for a in made if a == args[0]]
        if len(made) != 1 or op == "reciprocal" or self._num_readers(made[0]) > 1:
            return None
        return None if self._is_multiple(made[0], 0) else made[0]

    def _num_readers(self, number: int) -> int:
        return sum(number in args for args in (*self.args, self.outputs))

    def _is_multiple(self, number: int | Const, of: int) -> bool:
        """Return True if a value is a certain input, perhaps times scalars."""
        if number == of or not isinstance(number, int) or number < self.first:
            return number == of
        op, args = self._made_by(number)
        return op == "multiply" and any(
            self._is_multiple(x, of) and self._kind(y) is Kind.SCALAR for x, y in (args, args[::-1])
        )

    def _kind(self, arg: int | Const) -> Kind:
        return self.kinds[arg] if isinstance(arg, int) else Kind.SCALAR

    def _derive_name(
        self, number: int, stems: dict[int, str], subjects: dict[int, str], named: set[int]
    ) -> tuple[str, str]:
        """Return the name of a value, from its function and arguments, and its subject."""
        op, args = self._made_by(number)
        if self._is_multiple(number, 0):
            return "weight_decay", "weight_decay"
        if self._is_multiple(number, self.schedule):
            return SCHEDULE, SCHEDULE
        parts = list(dict.fromkeys(arg for arg in args if isinstance(arg, int)))
        if op == "clip" and args[0] in parts:
            parts = [part for part in parts if part == args[0]]
        if op == "multiply" and len(parts) == 2:
            for part, other in (parts, parts[::-1]):
                if (stems[other], subjects[other]) == (_SCALE, _CORRECTION):
                    return f"corrected_{subjects[part]}", subjects[part]
        if len(parts) != 1:
            name = _RESULTS.get(op, "number" if not parts else op)
            return name, name
        (part,) = parts
        subject = subjects[part]
        if op == "multiply" and args == (part, part):
            return f"squared_{subject}", subject
        if op in ("multiply", "divide", "add", "subtract") and len(args) == 2:
            word = "scaled" if op in ("multiply", "divide") else "shifted"
            return f"{word}_{subject}" if part in named else stems[part], subject
        if op in _SUFFIXES:
            return f"{subject}_{op}", subject
        if op == "reciprocal":
            return _SCALE, subject
        return f"{_PREFIXES.get(op, op)}_{subject}", subject
