"""A program as a Python file that depends on jax and optax alone."""

from lionhunt.dsl.export.dataflow import Number, Operand, Value
from lionhunt.dsl.export.docstrings import (
    ExportContext,
    arguments,
    introduction,
    prepare,
    schedule_words,
    state_class,
)
from lionhunt.dsl.export.identifiers import identifier
from lionhunt.dsl.export.python.helper_functions import helpers
from lionhunt.dsl.export.python.line_breaking import (
    WIDTH,
    break_call,
    break_return,
    fit_width,
    format_docstring,
    indent,
)
from lionhunt.dsl.export.python.optax_texts import (
    CAST,
    DTYPE,
    LIKE,
    MASK,
    MASKED,
    PRECISION,
    REAL,
    STATES,
    ZEROS,
)
from lionhunt.dsl.export.python.own_helpers import check_expressions
from lionhunt.dsl.export.python.passes import WHOLE_TREE, Pass
from lionhunt.dsl.export.python.python_file import PythonFile
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import ProgramDoc


def to_optax(program: Program, name: str, doc: ProgramDoc) -> str:
    """Return the text of a file with one function that makes an optax optimizer.

    Args:
        program: any valid program.
        name: name of the optimizer.
        doc: docstring of the program.

    Raises:
        InvalidProgram: the program cannot run.
        FunctionError: a function of the user has no expression for it.
    """

    def render(max_length: int, constant_length: int) -> list[str]:
        context = prepare(program, name, doc, Kind.SCALAR, constant_length)
        check_expressions(context.graph, "jnp")
        return OptaxFile(context, max_length).lines()

    return fit_width(render)


class OptaxFile(PythonFile):
    """The optax file of one program.

    Attributes:
        reads_weights: True if the update depends on the weights.
        decays: constants that multiply the weights alone; a mask can switch them off.
        like: input whose shape the update has.
        update: name of the update.
        fields: name of each state.
    """

    np = "jnp"

    def __init__(self, context: ExportContext, max_length: int):
        self.state_class_name = state_class(context.title)
        self.decays = {
            constant.name: Value("decay", Kind.PER_ARRAY)
            for constant in context.naming.constants
            if constant.is_decay
        }
        super().__init__(context, {self.state_class_name})
        graph = self.graph
        self.reads_weights = graph.reads(graph.weights)
        self.like = graph.weights if self.reads_weights else graph.gradient
        self.names = self.name_values(max_length, self.like)
        self.update = identifier("update", self.taken)
        self.fields: dict[Value, str] = {}
        for state in graph.states:
            used = {*self.taken, *self.fields.values(), "step_count", self.update}
            self.fields[state] = identifier(state.name, used, max_length=max_length)

    def replaced(self) -> dict[Number, Value]:
        places = self.context.naming.names.items()
        return {number: self.decays[name] for number, name in places if name in self.decays}

    def lines(self) -> list[str]:
        context = self.context
        return [
            f'"""{context.title} as an `optax.GradientTransformation`; exported by Lionhunt."""',
            "",
            *(["from collections.abc import Callable"] if self.decays else []),
            f"from typing import {'Any, ' if self.decays else ''}NamedTuple",
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
            "    return optax.GradientTransformationExtraArgs(init, update)",
            *self.dtype_helpers(),
            *helpers(self.graph, "jnp"),
        ]

    def state_class(self) -> list[str]:
        attributes = ["Attributes:", "    step_count: steps taken, shape=(), dtype=int32."]
        fields = ["step_count: jax.Array"]
        for state, field in self.fields.items():
            words, kind = STATES[state.kind]
            attributes.append(f"    {field}: {words}.")
            fields.append(f"{field}: {kind}")
        summary = f"The state of {self.context.name} between steps."
        return [
            f"class {self.state_class_name}(NamedTuple):",
            *format_docstring([[summary], attributes], 1),
            "",
            *indent(fields, 1),
        ]

    def signature(self) -> list[str]:
        args = ["learning_rate: optax.ScalarOrSchedule", *self.parameters()]
        if self.decays or self.large_states:
            args.append("*")
        if self.decays:
            args.append("mask: Any | Callable[[optax.Params], Any] = None")
        if self.large_states:
            args.append("state_dtype: jax.typing.DTypeLike | None = None")
        end = ") -> optax.GradientTransformationExtraArgs:"
        return break_call(f"def {self.context.name}(", args, end)

    def docstring(self):
        words = schedule_words(self.context)
        rate = f"    learning_rate: a number, or a schedule of the step count; {words}."
        args = ["Args:", rate, *arguments(self.context)]
        if self.decays:
            decays = " and ".join(self.decays)
            args.append(f"    mask: where {decays} acts; {MASK}")
        if self.large_states:
            args.append(
                "    state_dtype: the dtype of the states that have the shapes of the parameters; "
                "None for that of the arithmetic."
            )
        return [*introduction(self.context), [PRECISION], args]

    def init(self) -> list[str]:
        fields = ["step_count=jnp.zeros((), jnp.int32)"]
        for state, name in self.fields.items():
            fields.append(f"{name}={ZEROS[state.kind]}")
        start = f"return {self.state_class_name}("
        return [
            "    def init(params):",
            "        _check_real(params)",
            *break_call(start, fields, level=2),
        ]

    def update_function(self) -> list[str]:
        lines = ["    def update(updates, state, params=None, **extra_args):"]
        lines.append("        del extra_args")
        lines.append("        _check_real(updates)")
        if self.reads_weights:
            message = f"{self.context.name} reads the weights: call update(updates, state, params)"
            lines.append("        if params is None:")
            lines += break_call("raise ValueError(", [f'"{message}"'], level=3)
            lines.append("        like = params")
        else:
            lines.append("        like = updates if params is None else params")
        lines += self.casts()
        if self.graph.reads(self.graph.schedule):
            rate = "learning_rate(state.step_count) if callable(learning_rate) else learning_rate"
            name = self.names[self.graph.schedule]
            line = f"        {name} = {rate}"
            broken = [f"        {name} = (", f"            {rate}", "        )"]
            lines += [line] if len(line) <= WIDTH else broken
            dtype = "_dtype(*jax.tree.leaves(like))"
            lines += break_call(f"{name} = jnp.asarray(", [name, dtype], level=2)
        for state, field in self.fields.items():
            if state.kind is Kind.SCALAR and self.graph.reads(state):
                lines.append(f"        {self.names[state]} = state.{field}")
        *earlier, last = self.stages
        for stage in earlier:
            lines += [self.assignment(value, self.tree_text, 2) for value in stage.scalars]
            results = {self.names[value]: self.names[value] for value in stage.outputs}
            lines += self.mapped("prepare", stage, stage.inputs, results)
        lines += [self.assignment(value, self.tree_text, 2) for value in last.scalars]
        lines += self.mapped("step", last, self.last_inputs(last), self.results())
        lines.append(f"        {self.update} = optax.tree.cast_like({self.update}, like)")
        fields = ["optax.safe_increment(state.step_count)"]
        for state, output in zip(self.graph.states, self.graph.next_states, strict=True):
            is_mapped = state.kind is not Kind.SCALAR
            fields.append(self.fields[state] if is_mapped else self.number(output))
        new_state = f"{self.state_class_name}({', '.join(fields)})"
        if not self.fields:
            return [*lines, f"        return {self.update}, {new_state}"]
        line = f"        new = {new_state}"
        if len(line) > WIDTH:
            lines += break_call(f"new = {self.state_class_name}(", fields, level=2)
        else:
            lines.append(line)
        return [*lines, f"        return {self.update}, optax.tree.cast_like(new, old)"]

    def casts(self) -> list[str]:
        """Write the casts of the inputs to the dtype of the arithmetic."""
        graph, lines = self.graph, []
        for name, decay in self.decays.items():
            lines.append(f"        {self.tree(decay)} = _masked({name}, mask, params)")
        if graph.reads(graph.gradient) or self.like is graph.gradient:
            lines.append("        updates = _cast(updates, like)")
        if self.reads_weights:
            lines.append("        params = _cast(params, like)")
        if self.fields:
            read = [
                f"{field}=_cast(state.{field}, like)"
                for state, field in self.fields.items()
                if state.kind is not Kind.SCALAR and graph.reads(state)
            ]
            lines.append("        old = state")
            if read:
                lines += break_call("state = state._replace(", read, level=2)
        return lines

    def last_inputs(self, stage: Pass) -> tuple[Value, ...]:
        """Return the arrays that the last pass reads, if only for their shape."""
        mapped = [self.graph.update, *self.mapped_states().values()]
        if self.like in stage.inputs or all(output.kind is Kind.TREE for output in mapped):
            return stage.inputs
        return (self.like, *stage.inputs)

    def mapped_states(self) -> dict[Value, Operand]:
        """Return the new value of each state that has a value for each array."""
        states = zip(self.graph.states, self.graph.next_states, strict=True)
        return {state: output for state, output in states if state.kind is not Kind.SCALAR}

    def results(self) -> dict[str, str]:
        """Return the results of the last pass: from the name of a tree to that of its leaf."""
        results = {self.update: self.negative(self.graph.update)}
        for state, output in self.mapped_states().items():
            is_array = state.kind is Kind.TREE
            results[self.fields[state]] = self.array(output) if is_array else self.number(output)
        return results

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
        if value in self.graph.numbers:
            index = self.graph.numbers.index(value)
            return f"decays_{index + 1}" if len(self.graph.numbers) > 1 else "decays"
        return f"state.{self.fields[value]}" if value in self.fields else self.names[value]

    def array(self, output: Operand) -> str:
        """Write an output with the shape of the leaf."""
        if output.kind is Kind.TREE:
            return self.text(output)
        return f"jnp.full_like({self.names[self.like]}, {self.text(output)})"

    def number(self, output: Operand) -> str:
        """Write an output that is one number."""
        return f"jnp.asarray({self.text(output)})" if self.is_plain(output) else self.text(output)

    def is_plain(self, output: Operand) -> bool:
        """Check that an output may be a number of Python."""
        if isinstance(output, Value) and output.op:
            return all(map(self.is_plain, output.args)) and output.op not in WHOLE_TREE
        return isinstance(output, Number)

    def negative(self, output: Operand) -> str:
        """Write an output with its sign flipped: optax adds updates."""
        if output.kind is Kind.TREE:
            return f"-{self.text(output)}"
        text = f"-{self.text(output)}"
        if isinstance(output, Number) and output not in self.constants:
            text = self.text(output).removeprefix("-") if text.startswith("--") else text
        return f"jnp.full_like({self.names[self.like]}, {text})"

    def dtype_helpers(self) -> list[str]:
        """Write the helpers that choose and change dtypes, and the one of masks."""
        texts = [REAL, DTYPE, CAST]
        if self.large_states:
            texts.append(LIKE)
        if self.decays:
            texts.append(MASKED)
        return [line for text in texts for line in ("", "", *text.strip().splitlines())]
