"""A program as a Python file that depends on jax and optax alone."""

from collections.abc import Callable

from lionhunt.dsl.export.dataflow import Graph, Number, Operand, Value
from lionhunt.dsl.export.docstrings import (
    ExportContext,
    arguments,
    introduction,
    prepare,
    schedule_words,
    state_class,
)
from lionhunt.dsl.export.identifiers import allot, identifier
from lionhunt.dsl.export.python import line_breaking as layout
from lionhunt.dsl.export.python.expressions import expression, literal
from lionhunt.dsl.export.python.helper_functions import helpers
from lionhunt.dsl.export.python.passes import WHOLE_TREE, Pass, events, lower, plan
from lionhunt.dsl.export.signs import non_negative
from lionhunt.dsl.float32 import number_text
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import ProgramDoc


def to_optax(program: Program, name: str, notes: ProgramDoc) -> str:
    """The text of a file with one function, which makes an `optax.GradientTransformation`.

    Args:
        program: any valid program.
        name: what to call it.
        notes: what its docstring says.

    Raises:
        InvalidProgram: the program cannot run.
    """
    subject = prepare(program, name, notes)
    return layout.fitting(lambda max_length: _File(subject, max_length).lines())


class _File:
    """The file of one program, with names up to a length."""

    def __init__(self, subject: ExportContext, max_length: int):
        self.subject = subject
        self.graph = lower(subject.graph)
        self.stages = plan(self.graph)
        self.signs = non_negative(self.graph)
        self.roots = roots(self.graph)
        self.reads_weights = self.graph.reads(self.graph.weights)
        graph = self.graph
        self.like = graph.weights if self.reads_weights else graph.gradient
        self.constants = subject.naming.names
        self.state_class_name = state_class(subject.title)
        taken = {constant.name for constant in subject.naming.constants}
        taken.add(self.state_class_name)
        self.names = allot(events(graph, self.stages, (self.like,)), taken, max_length)
        self.update = identifier("update", taken)
        self.fields: dict[Value, str] = {}
        for state in graph.states:
            used = {*taken, *self.fields.values(), "step_count", self.update}
            self.fields[state] = identifier(state.name, used, max_length=max_length)

    def lines(self) -> list[str]:
        subject = self.subject
        return [
            f'"""{subject.title} as an `optax.GradientTransformation`; exported by Lionhunt."""',
            "",
            "from typing import NamedTuple",
            "",
            "import jax",
            "import jax.numpy as jnp",
            "import optax",
            "",
            "",
            *self.state_class(),
            "",
            "",
            *self.signature(),
            *layout.docstring(self.about(), 1),
            "",
            *self.init(),
            "",
            *self.update_function(),
            "",
            "    return optax.GradientTransformation(init, update)",
            *helpers(self.graph, "jnp"),
        ]

    def state_class(self) -> list[str]:
        fields = self.fields.values()
        about = ["Attributes:", "    step_count: steps taken, shape=(), dtype=int32."]
        about += [f"    {field}: arrays like the parameters." for field in fields]
        return [
            f"class {self.state_class_name}(NamedTuple):",
            *layout.docstring([[f"What {self.subject.name} keeps between steps."], about], 1),
            "",
            "    step_count: jax.Array",
            *(f"    {field}: optax.Params" for field in fields),
        ]

    def signature(self) -> list[str]:
        args = ["learning_rate: optax.ScalarOrSchedule"]
        args += [
            f"{each.name}: float = {number_text(each.value)}"
            for each in self.subject.naming.constants
        ]
        end = ") -> optax.GradientTransformation:"
        return layout.call(f"def {self.subject.name}(", args, end)

    def about(self):
        words = schedule_words(self.subject)
        rate = f"    learning_rate: a number, or a schedule of the step count; {words}."
        return [*introduction(self.subject), ["Args:", rate, *arguments(self.subject)]]

    def init(self) -> list[str]:
        fields = ["step_count=jnp.zeros((), jnp.int32)"]
        fields += [f"{name}=jax.tree.map(jnp.zeros_like, params)" for name in self.fields.values()]
        start = f"return {self.state_class_name}("
        return ["    def init(params):", *layout.call(start, fields, level=2)]

    def update_function(self) -> list[str]:
        lines = ["    def update(updates, state, params=None):"]
        if self.reads_weights:
            message = f"{self.subject.name} reads the weights: call update(updates, state, params)"
            lines.append("        if params is None:")
            lines += layout.call("raise ValueError(", [f'"{message}"'], level=3)
        if self.graph.reads(self.graph.schedule):
            rate = "learning_rate(state.step_count) if callable(learning_rate) else learning_rate"
            name = self.names[self.graph.schedule]
            line = f"        {name} = {rate}"
            broken = [f"        {name} = (", f"            {rate}", "        )"]
            lines += [line] if len(line) <= layout.WIDTH else broken
        *earlier, last = self.stages
        for stage in earlier:
            lines += [self.assignment(value, self.tree_text, 2) for value in stage.scalars]
            results = {self.names[value]: self.names[value] for value in stage.outputs}
            lines += self.mapped("prepare", stage, stage.inputs, results)
        lines += [self.assignment(value, self.tree_text, 2) for value in last.scalars]
        lines += self.mapped("step", last, self.last_inputs(last), self.results())
        fields = ["state.step_count + 1", *self.fields.values()]
        new_state = self.state_class_name
        line = f"        return {self.update}, {new_state}({', '.join(fields)})"
        if len(line) <= layout.WIDTH:
            return [*lines, line]
        name = identifier("new_state", {self.update, *self.fields.values()})
        lines += layout.call(f"{name} = {new_state}(", fields, level=2)
        return [*lines, f"        return {self.update}, {name}"]

    def last_inputs(self, stage: Pass) -> tuple[Value, ...]:
        """The arrays that the last pass reads, for their shape and dtype if for nothing else."""
        if self.like in stage.inputs or all(map(self.stands_alone, self.graph.outputs)):
            return stage.inputs
        return (self.like, *stage.inputs)

    def results(self) -> dict[str, str]:
        """The results of the last pass: the names of the trees, the expressions of a leaf."""
        outputs = zip(self.fields.values(), self.graph.next_states, strict=True)
        new_states = {field: self.result(output) for field, output in outputs}
        return {self.update: self.negative(self.graph.update)} | new_states

    def mapped(
        self, function: str, stage: Pass, inputs: tuple[Value, ...], results: dict[str, str]
    ) -> list[str]:
        """A function of the arrays of one leaf, mapped over the trees, and its results as trees."""
        trees = [self.tree(value) for value in inputs]
        args = [self.names[value] for value in inputs]
        lines = ["", *layout.call(f"def {function}(", args, "):", level=2)]
        lines += [self.assignment(value, self.text, 3) for value in stage.arrays]
        lines += [*layout.returned(list(results.values()), 3), ""]
        if len(results) == 1:
            (name,) = results
            return [*lines, *layout.call(f"{name} = jax.tree.map(", [function, *trees], level=2)]
        lines += layout.call("outputs = jax.tree.map(", [function, *trees], level=2)
        for index, name in enumerate(results):
            picked = [f"lambda _, leaf: leaf[{index}]", trees[0], "outputs"]
            lines += layout.call(f"{name} = jax.tree.map(", picked, level=2)
        return lines

    def assignment(self, value: Value, text: Callable[[Operand], str], level: int) -> str:
        written = expression(value, text, self.signs, "jnp")
        return f"{layout.INDENT * level}{self.names[value]} = {written}"

    def text(self, operand: Operand) -> str:
        if isinstance(operand, Number):
            return self.constants.get(operand) or literal(operand.value, "jnp")
        return self.names[operand]

    def tree_text(self, operand: Operand) -> str:
        """An operand outside the functions of a leaf."""
        if isinstance(operand, Number) or operand.kind is Kind.SCALAR:
            return self.text(operand)
        return self.tree(operand)

    def tree(self, value: Value) -> str:
        if value is self.graph.weights:
            return "params"
        if value is self.graph.gradient:
            return "updates"
        return f"state.{self.fields[value]}" if value in self.fields else self.names[value]

    def result(self, output: Operand) -> str:
        """An output for one leaf, of the leaf's shape and dtype."""
        if output.kind is not Kind.TREE:
            return f"jnp.full_like({self.names[self.like]}, {self.text(output)})"
        if self.stands_alone(output):
            return self.text(output)
        return f"{self.text(output)}.astype({self.names[self.like]}.dtype)"

    def negative(self, output: Operand) -> str:
        """The same with the sign flipped: optax adds what a transformation returns."""
        if output.kind is Kind.TREE:
            return f"-{self.result(output)}"
        text = f"-{self.text(output)}"
        if isinstance(output, Number) and output not in self.constants:
            text = literal(-output.value, "jnp")
        return f"jnp.full_like({self.names[self.like]}, {text})"

    def stands_alone(self, output: Operand) -> bool:
        """Whether an output has the shape and dtype of `like` already."""
        own = {self.like, *self.graph.states}
        return output.kind is Kind.TREE and self.roots[output] <= own


def roots(graph: Graph) -> dict[Operand, frozenset[Value]]:
    """The inputs that may give each value its dtype; the schedule stands for all other scalars."""
    inputs = (graph.weights, graph.gradient, *graph.states, graph.schedule)
    found: dict[Operand, frozenset[Value]] = {value: frozenset({value}) for value in inputs}
    for value in graph.values:
        of_args = (found.get(arg, frozenset()) for arg in value.args)
        own = {graph.schedule} if value.op in WHOLE_TREE else ()
        found[value] = frozenset(own).union(*of_args)
    return found
