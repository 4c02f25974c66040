"""A program as a Python file that depends on torch alone."""

from lionhunt.dsl.export.dataflow import Graph, Number, Operand, Value
from lionhunt.dsl.export.docstrings import (
    ExportContext,
    arguments,
    introduction,
    prepare,
    schedule_words,
)
from lionhunt.dsl.export.identifiers import identifier
from lionhunt.dsl.export.python.helper_functions import helpers
from lionhunt.dsl.export.python.line_breaking import (
    WIDTH,
    break_call,
    fit_width,
    format_docstring,
    indent,
)
from lionhunt.dsl.export.python.passes import GLOBAL, WHOLE_TREE, Pass
from lionhunt.dsl.export.python.python_file import PythonFile
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import ProgramDoc

_ARITHMETIC = {"add", "subtract", "multiply", "divide", "negative", "interp", "cube"}
"""Functions that Python's floats have too."""

_FLOAT_SECOND = {"clip_factor", "full_like"}
"""Functions of torch whose second argument may be a float."""


def to_torch(program: Program, name: str, doc: ProgramDoc) -> str:
    """Return the text of a file with one class, a `torch.optim.Optimizer`.

    Args:
        program: any valid program.
        name: name of the optimizer.
        doc: docstring of the program.

    Raises:
        InvalidProgram: the program cannot run.
    """
    context = prepare(program, name, doc)
    return fit_width(lambda max_length: TorchFile(context, max_length).lines())


class TorchFile(PythonFile):
    """The torch file of one program.

    Attributes:
        weights: name of a parameter.
        floats: scalars that are Python floats.
        tensors: names of constants that must be tensors.
        lists: name of the list of each array value that a later stage reads.
        needs_params: True if a function sees all parameters together.
        inits_states_first: True if states are needed before the last pass.
    """

    np = "torch"

    def __init__(self, context: ExportContext, max_length: int):
        super().__init__(context)
        graph = self.graph
        self.names = self.name_values(graph.weights, max_length)
        self.weights = self.names[graph.weights]
        scalars = plain_scalars(graph)
        self.floats = set() if wants_tensors(graph, scalars) else scalars
        self.tensors = {
            self.constants[arg]
            for value in graph.values
            if value in scalars and not self.floats
            for arg in value.args
            if isinstance(arg, Number) and arg in self.constants
        }
        self.lists: dict[Value, str] = {}
        for value in (value for stage in self.stages for value in stage.outputs):
            used = {*self.taken, *self.names.values(), *self.lists.values()}
            self.lists[value] = identifier(f"{self.names[value]}_list", used)
        whole = [arg for value in graph.values if value.op in WHOLE_TREE for arg in value.args]
        self.needs_params = bool(whole)
        self.inits_states_first = len(self.stages) > 1 or not set(whole).isdisjoint(graph.states)

    def lines(self) -> list[str]:
        title = self.context.title
        return [
            f'"""{title} as a `torch.optim.Optimizer`; exported by Lionhunt."""',
            "",
            "import torch",
            "",
            "",
            f"class {title}(torch.optim.Optimizer):",
            *format_docstring(self.docstring(), 1),
            "",
            *self.init(),
            "",
            *self.step(),
            *helpers(self.graph, "torch"),
        ]

    def docstring(self):
        paragraphs = introduction(self.context)
        if self.needs_params:
            ops = {value.op: None for value in self.context.graph.values if value.op in GLOBAL}
            words = " and ".join(ops)
            sees = "see" if len(ops) > 1 else "sees"
            paragraphs.append(
                [f"{words} {sees} all parameters of a group that have a gradient, together."]
            )
        rate = f"    lr: the learning rate; {schedule_words(self.context)}."
        params = "    params: parameters, or dictionaries of groups of parameters."
        return [*paragraphs, ["Args:", params, rate, *arguments(self.context)]]

    def init(self) -> list[str]:
        constants = self.context.naming.constants
        args = ["self", "params", "lr: float", *self.parameters()]
        names = ["lr", *(constant.name for constant in constants)]
        defaults = [f'"{name}": {name}' for name in names]
        return [
            *break_call("def __init__(", args, "):", level=1),
            *break_call("defaults = {", defaults, "}", level=2),
            "        super().__init__(params, defaults)",
        ]

    def step(self) -> list[str]:
        lines = [
            "    @torch.no_grad()",
            "    def step(self, closure=None):",
            '        """Takes a step; returns what `closure` returns, if there is one."""',
            "        loss = None",
            "        if closure is not None:",
            "            with torch.enable_grad():",
            "                loss = closure()",
            "",
            "        for group in self.param_groups:",
        ]
        graph = self.graph
        if graph.reads(graph.schedule):
            rate = 'group["lr"]' if self.floats else 'torch.as_tensor(group["lr"])'
            lines.append(f"            {self.names[graph.schedule]} = {rate}")
        for constant in self.context.naming.constants:
            read = f'group["{constant.name}"]'
            read = f"torch.as_tensor({read})" if constant.name in self.tensors else read
            lines.append(f"            {constant.name} = {read}")
        if not lines[-1].startswith("        for group"):
            lines.append("")
        lines += self.gather()
        for stage in self.stages:
            for value in stage.scalars:
                lines += self.scalar(value)
            lines += [*self.loop(stage), ""]
        return [*lines, "        return loss"]

    def gather(self) -> list[str]:
        """Write the code before the scalars: parameters with a gradient, and their states."""
        if not self.needs_params:
            return []
        lines = [
            '            params = [p for p in group["params"] if p.grad is not None]',
            "            if not params:",
            "                continue",
        ]
        if self.inits_states_first and self.graph.states:
            lines.append(f"            for {self.weights} in params:")
            lines += self.init_states(f"self.state[{self.weights}]")
        return lines

    def init_states(self, place: str) -> list[str]:
        """Write zeros for a parameter without state."""
        zeros = f"torch.zeros_like({self.weights})"
        lines = [f'{place}["{state.name}"] = {zeros}' for state in self.graph.states]
        return indent([f"if not {place}:", *indent(lines, 1)], 4)

    def loop(self, stage: Pass) -> list[str]:
        """Write a loop over the parameters: its reads, its statements and its results."""
        is_last = stage is self.stages[-1]
        lines = []
        if self.graph.gradient in stage.inputs:
            name = self.names[self.graph.gradient]
            lines += indent([f"{name} = {self.weights}.grad"], 4)
        states = [state for state in self.graph.states if self.reads(stage, state)]
        if states or (is_last and self.graph.states):
            lines += indent([f"state = self.state[{self.weights}]"], 4)
            if not self.inits_states_first:
                lines += self.init_states("state")
        lines += indent(map(self.read_state, states), 4)
        reads_weights = bool(lines) or is_last or self.graph.weights in stage.inputs
        lists = [f"            {self.lists[value]} = []" for value in stage.outputs]
        head = [*lists, *self.loop_head(stage, reads_weights)]
        if stage.arrays:
            statements = [self.assignment(value, self.text, 4) for value in stage.arrays]
            lines += [*([""] if lines else []), *statements, ""]
        lines = [*head, *lines]
        results = [f"{self.lists[value]}.append({self.names[value]})" for value in stage.outputs]
        return lines + indent(self.writes() if is_last else results, 4)

    def reads(self, stage: Pass, state: Value) -> bool:
        """Check that a pass reads a state; returning it unchanged is no read."""
        if any(state in value.args for value in stage.arrays):
            return True
        own = self.graph.next_states[self.graph.states.index(state)]
        return stage is self.stages[-1] and self.graph.outputs.count(state) > (own is state)

    def loop_head(self, stage: Pass, reads_weights: bool) -> list[str]:
        earlier = [value for value in stage.inputs if value.op]
        if earlier:
            own = [(self.weights, "params")] if reads_weights else []
            own += [(self.names[value], self.lists[value]) for value in earlier]
            targets = ", ".join(target for target, _ in own)
            if len(own) == 1:
                return [f"            for {targets} in {own[0][1]}:"]
            lists = [*(source for _, source in own), "strict=True"]
            return break_call(f"for {targets} in zip(", lists, "):", level=3)
        if self.needs_params:
            return [f"            for {self.weights} in params:"]
        return [
            f'            for {self.weights} in group["params"]:',
            f"                if {self.weights}.grad is None:",
            "                    continue",
        ]

    def read_state(self, state: Value) -> str:
        """Write the read of a state; it is cloned if another output returns it."""
        graph = self.graph
        own = graph.next_states[graph.states.index(state)]
        is_returned = any(output is state for output in graph.outputs)
        clone = ".clone()" if is_returned and own is not state else ""
        return f'{self.names[state]} = state["{state.name}"]{clone}'

    def writes(self) -> list[str]:
        """Write new states and weights in place; shapes and dtypes stay."""
        lines = []
        for state, output in zip(self.graph.states, self.graph.next_states, strict=True):
            if output is not state:
                fill = "fill" if output in self.floats or isinstance(output, Number) else "copy"
                lines.append(f'state["{state.name}"].{fill}_({self.text(output)})')
        return [*lines, f"{self.weights}.sub_({self.text(self.graph.update)})"]

    def scalar(self, value: Value) -> list[str]:
        """Write a scalar of the whole tree, one argument a line if it is long."""
        line = self.assignment(value, self.tree_text, 3)
        if len(line) <= WIDTH or value.op not in WHOLE_TREE:
            return [line]
        start = f"{self.names[value]} = _{value.op}("
        return break_call(start, list(map(self.tree_text, value.args)), level=3)

    def tree(self, value: Value) -> str:
        if value is self.graph.weights:
            return "params"
        if value is self.graph.gradient:
            return "[p.grad for p in params]"
        if not value.op:
            return f'[self.state[p]["{value.name}"] for p in params]'
        return self.lists[value]


def plain_scalars(graph: Graph) -> set[Operand]:
    """Return the scalars that depend on the schedule value and constants alone."""
    scalars: set[Operand] = {graph.schedule}
    for value in graph.values:
        is_scalar = value.kind is Kind.SCALAR and value.op not in WHOLE_TREE
        if is_scalar and all(isinstance(arg, Number) or arg in scalars for arg in value.args):
            scalars.add(value)
    return scalars


def wants_tensors(graph: Graph, scalars: set[Operand]) -> bool:
    """Check that a function of tensors alone reads or makes one of these scalars."""
    for value in graph.values:
        checked = value.args[:1] if value.op in _FLOAT_SECOND else value.args
        if value.op not in _ARITHMETIC and not scalars.isdisjoint((value, *checked)):
            return True
    return False
