"""A program as a Python file that depends on jax and optax alone."""

from lionhunt.dsl.export.dataflow import Graph, Number, Operand, Value
from lionhunt.dsl.export.docstrings import (
    ExportContext,
    arguments,
    introduction,
    prepare,
    schedule_words,
    state_class,
)
from lionhunt.dsl.export.identifiers import identifier
from lionhunt.dsl.export.python.expressions import literal
from lionhunt.dsl.export.python.helper_functions import helpers
from lionhunt.dsl.export.python.line_breaking import (
    WIDTH,
    break_call,
    break_return,
    fit_width,
    format_docstring,
)
from lionhunt.dsl.export.python.passes import WHOLE_TREE, Pass
from lionhunt.dsl.export.python.python_file import PythonFile
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import ProgramDoc


def to_optax(program: Program, name: str, doc: ProgramDoc) -> str:
    """Return the text of a file with one function that makes an `optax.GradientTransformation`.

    Args:
        program: any valid program.
        name: name of the optimizer.
        doc: docstring of the program.

    Raises:
        InvalidProgram: the program cannot run.
    """
    context = prepare(program, name, doc)
    return fit_width(lambda max_length: OptaxFile(context, max_length).lines())


class OptaxFile(PythonFile):
    """The optax file of one program.

    Attributes:
        roots: inputs that determine the dtype of each value.
        like: input whose shape and dtype the update has.
        update: name of the update.
        fields: name of each state.
    """

    np = "jnp"

    def __init__(self, context: ExportContext, max_length: int):
        self.state_class_name = state_class(context.title)
        super().__init__(context, {self.state_class_name})
        graph = self.graph
        self.roots = roots(graph)
        self.reads_weights = graph.reads(graph.weights)
        self.like = graph.weights if self.reads_weights else graph.gradient
        self.names = self.name_values(self.like, max_length)
        self.update = identifier("update", self.taken)
        self.fields: dict[Value, str] = {}
        for state in graph.states:
            used = {*self.taken, *self.fields.values(), "step_count", self.update}
            self.fields[state] = identifier(state.name, used, max_length=max_length)

    def lines(self) -> list[str]:
        context = self.context
        return [
            f'"""{context.title} as an `optax.GradientTransformation`; exported by Lionhunt."""',
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
            *format_docstring(self.docstring(), 1),
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
        attributes = ["Attributes:", "    step_count: steps taken, shape=(), dtype=int32."]
        attributes += [f"    {field}: arrays like the parameters." for field in fields]
        summary = f"What {self.context.name} keeps between steps."
        return [
            f"class {self.state_class_name}(NamedTuple):",
            *format_docstring([[summary], attributes], 1),
            "",
            "    step_count: jax.Array",
            *(f"    {field}: optax.Params" for field in fields),
        ]

    def signature(self) -> list[str]:
        args = ["learning_rate: optax.ScalarOrSchedule", *self.parameters()]
        end = ") -> optax.GradientTransformation:"
        return break_call(f"def {self.context.name}(", args, end)

    def docstring(self):
        words = schedule_words(self.context)
        rate = f"    learning_rate: a number, or a schedule of the step count; {words}."
        return [*introduction(self.context), ["Args:", rate, *arguments(self.context)]]

    def init(self) -> list[str]:
        fields = ["step_count=jnp.zeros((), jnp.int32)"]
        fields += [f"{name}=jax.tree.map(jnp.zeros_like, params)" for name in self.fields.values()]
        start = f"return {self.state_class_name}("
        return ["    def init(params):", *break_call(start, fields, level=2)]

    def update_function(self) -> list[str]:
        lines = ["    def update(updates, state, params=None):"]
        if self.reads_weights:
            message = f"{self.context.name} reads the weights: call update(updates, state, params)"
            lines.append("        if params is None:")
            lines += break_call("raise ValueError(", [f'"{message}"'], level=3)
        if self.graph.reads(self.graph.schedule):
            rate = "learning_rate(state.step_count) if callable(learning_rate) else learning_rate"
            name = self.names[self.graph.schedule]
            line = f"        {name} = {rate}"
            broken = [f"        {name} = (", f"            {rate}", "        )"]
            lines += [line] if len(line) <= WIDTH else broken
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
        if len(line) <= WIDTH:
            return [*lines, line]
        name = identifier("new_state", {self.update, *self.fields.values()})
        lines += break_call(f"{name} = {new_state}(", fields, level=2)
        return [*lines, f"        return {self.update}, {name}"]

    def last_inputs(self, stage: Pass) -> tuple[Value, ...]:
        """Return the arrays that the last pass reads, if only for their shape and dtype."""
        if self.like in stage.inputs or all(map(self.stands_alone, self.graph.outputs)):
            return stage.inputs
        return (self.like, *stage.inputs)

    def results(self) -> dict[str, str]:
        """Return the results of the last pass: from the name of a tree to that of its leaf."""
        outputs = zip(self.fields.values(), self.graph.next_states, strict=True)
        new_states = {field: self.result(output) for field, output in outputs}
        return {self.update: self.negative(self.graph.update)} | new_states

    def mapped(
        self, function: str, stage: Pass, inputs: tuple[Value, ...], results: dict[str, str]
    ) -> list[str]:
        """Write a function of the arrays of one leaf, and map it over the trees."""
        trees = [self.tree(value) for value in inputs]
        args = [self.names[value] for value in inputs]
        lines = ["", *break_call(f"def {function}(", args, "):", level=2)]
        lines += [self.assignment(value, self.text, 3) for value in stage.arrays]
        lines += [*break_return(list(results.values()), 3), ""]
        if len(results) == 1:
            (name,) = results
            return [*lines, *break_call(f"{name} = jax.tree.map(", [function, *trees], level=2)]
        lines += break_call("outputs = jax.tree.map(", [function, *trees], level=2)
        for index, name in enumerate(results):
            picked = [f"lambda _, leaf: leaf[{index}]", trees[0], "outputs"]
            lines += break_call(f"{name} = jax.tree.map(", picked, level=2)
        return lines

    def tree(self, value: Value) -> str:
        if value is self.graph.weights:
            return "params"
        if value is self.graph.gradient:
            return "updates"
        return f"state.{self.fields[value]}" if value in self.fields else self.names[value]

    def result(self, output: Operand) -> str:
        """Write an output for one leaf, with the leaf's shape and dtype."""
        if output.kind is not Kind.TREE:
            return f"jnp.full_like({self.names[self.like]}, {self.text(output)})"
        if self.stands_alone(output):
            return self.text(output)
        return f"{self.text(output)}.astype({self.names[self.like]}.dtype)"

    def negative(self, output: Operand) -> str:
        """Write an output with its sign flipped: optax adds updates."""
        if output.kind is Kind.TREE:
            return f"-{self.result(output)}"
        text = f"-{self.text(output)}"
        if isinstance(output, Number) and output not in self.constants:
            text = literal(-output.value, "jnp")
        return f"jnp.full_like({self.names[self.like]}, {text})"

    def stands_alone(self, output: Operand) -> bool:
        """Check that an output has the shape and dtype of `like` already."""
        own = {self.like, *self.graph.states}
        return output.kind is Kind.TREE and self.roots[output] <= own


def roots(graph: Graph) -> dict[Operand, frozenset[Value]]:
    """Return the inputs that may determine the dtype of each value.

    The schedule value stands for all other scalars.
    """
    inputs = (*graph.array_inputs, graph.schedule)
    sources: dict[Operand, frozenset[Value]] = {value: frozenset({value}) for value in inputs}
    for value in graph.values:
        of_args = (sources.get(arg, frozenset()) for arg in value.args)
        own = {graph.schedule} if value.op in WHOLE_TREE else ()
        sources[value] = frozenset(own).union(*of_args)
    return sources
