"""A program as a Python file that depends on torch alone."""

from collections.abc import Callable

from lionhunt.dsl.export.dataflow import Graph, Number, Operand, Value
from lionhunt.dsl.export.docstrings import (
    ExportContext,
    arguments,
    introduction,
    prepare,
    schedule_words,
)
from lionhunt.dsl.export.identifiers import allot, identifier
from lionhunt.dsl.export.python import line_breaking as layout
from lionhunt.dsl.export.python.expressions import expression, literal
from lionhunt.dsl.export.python.helper_functions import helpers
from lionhunt.dsl.export.python.passes import GLOBAL, WHOLE_TREE, Pass, events, lower, plan
from lionhunt.dsl.export.signs import non_negative
from lionhunt.dsl.float32 import number_text
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import ProgramDoc

_ARITHMETIC = {"add", "subtract", "multiply", "divide", "negative", "interp", "cube"}
"""Functions that Python's floats have too."""

_FLOAT_SECOND = {"clip_factor", "full_like"}
"""Functions of torch whose second argument may be a float."""


def to_torch(program: Program, name: str, notes: ProgramDoc) -> str:
    """The text of a file with one class, a `torch.optim.Optimizer`.

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
        self.graph = graph = lower(subject.graph)
        self.stages = plan(graph)
        self.signs = non_negative(graph)
        self.constants = subject.naming.names
        taken = {constant.name for constant in subject.naming.constants}
        self.names = allot(events(graph, self.stages, (graph.weights,)), taken, max_length)
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
            used = {*taken, *self.names.values(), *self.lists.values()}
            self.lists[value] = identifier(f"{self.names[value]}_list", used)
        seen = [arg for value in graph.values if value.op in WHOLE_TREE for arg in value.args]
        self.needs_params = bool(seen)
        self.inits_states_first = len(self.stages) > 1 or not set(seen).isdisjoint(graph.states)

    def lines(self) -> list[str]:
        title = self.subject.title
        return [
            f'"""{title} as a `torch.optim.Optimizer`; exported by Lionhunt."""',
            "",
            "import torch",
            "",
            "",
            f"class {title}(torch.optim.Optimizer):",
            *layout.docstring(self.about(), 1),
            "",
            *self.init(),
            "",
            *self.step(),
            *helpers(self.graph, "torch"),
        ]

    def about(self):
        paragraphs = introduction(self.subject)
        if self.needs_params:
            ops = {value.op: None for value in self.subject.graph.values if value.op in GLOBAL}
            words = " and ".join(ops)
            sees = "see" if len(ops) > 1 else "sees"
            paragraphs.append(
                [f"{words} {sees} all parameters of a group that have a gradient, together."]
            )
        rate = f"    lr: the learning rate; {schedule_words(self.subject)}."
        params = "    params: parameters, or dictionaries of groups of parameters."
        return [*paragraphs, ["Args:", params, rate, *arguments(self.subject)]]

    def init(self) -> list[str]:
        constants = self.subject.naming.constants
        args = ["self", "params", "lr: float"]
        args += [f"{each.name}: float = {number_text(each.value)}" for each in constants]
        defaults = [f'"{name}": {name}' for name in ("lr", *(each.name for each in constants))]
        return [
            *layout.call("def __init__(", args, "):", level=1),
            *layout.call("defaults = {", defaults, "}", level=2),
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
        for each in self.subject.naming.constants:
            read = f'group["{each.name}"]'
            read = f"torch.as_tensor({read})" if each.name in self.tensors else read
            lines.append(f"            {each.name} = {read}")
        if not lines[-1].startswith("        for group"):
            lines.append("")
        lines += self.gather()
        for stage in self.stages:
            for value in stage.scalars:
                lines += self.scalar(value)
            lines += [*self.loop(stage), ""]
        return [*lines, "        return loss"]

    def gather(self) -> list[str]:
        """What comes before the scalars: the parameters that take part, and their states."""
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
        """Zeros for a parameter that has no state yet."""
        zeros = f"torch.zeros_like({self.weights})"
        lines = [f'{place}["{state.name}"] = {zeros}' for state in self.graph.states]
        return layout.indented([f"if not {place}:", *layout.indented(lines, 1)], 4)

    def loop(self, stage: Pass) -> list[str]:
        """A loop over the parameters: what it reads, what it computes, where the results go."""
        is_last = stage is self.stages[-1]
        lines = []  # of the loop
        if self.graph.gradient in stage.inputs:
            name = self.names[self.graph.gradient]
            lines += layout.indented([f"{name} = {self.weights}.grad"], 4)
        states = [state for state in self.graph.states if self.reads(stage, state)]
        if states or (is_last and self.graph.states):
            lines += layout.indented([f"state = self.state[{self.weights}]"], 4)
            if not self.inits_states_first:
                lines += self.init_states("state")
        lines += layout.indented(map(self.read_state, states), 4)
        reads_weights = bool(lines) or is_last or self.graph.weights in stage.inputs
        lists = [f"            {self.lists[value]} = []" for value in stage.outputs]
        head = [*lists, *self.loop_head(stage, reads_weights)]
        if stage.arrays:
            statements = [self.assignment(value, self.text, 4) for value in stage.arrays]
            lines += [*([""] if lines else []), *statements, ""]
        lines = [*head, *lines]
        results = [f"{self.lists[value]}.append({self.names[value]})" for value in stage.outputs]
        return lines + layout.indented(self.writes() if is_last else results, 4)

    def reads(self, stage: Pass, state: Value) -> bool:
        """Whether a pass reads a state; to give it back unchanged, nothing is read."""
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
            return layout.call(f"for {targets} in zip(", lists, "):", level=3)
        if self.needs_params:
            return [f"            for {self.weights} in params:"]
        return [
            f'            for {self.weights} in group["params"]:',
            f"                if {self.weights}.grad is None:",
            "                    continue",
        ]

    def read_state(self, state: Value) -> str:
        """A state that another output returns as it is is copied before it is overwritten."""
        graph = self.graph
        own = graph.next_states[graph.states.index(state)]
        others = [output for output in graph.outputs if output is state]
        clone = ".clone()" if others and own is not state else ""
        return f'{self.names[state]} = state["{state.name}"]{clone}'

    def writes(self) -> list[str]:
        """The new states, then the weights, in place: their shapes and dtypes stay."""
        lines = []
        for state, output in zip(self.graph.states, self.graph.next_states, strict=True):
            if output is not state:
                fill = "fill" if output in self.floats or isinstance(output, Number) else "copy"
                lines.append(f'state["{state.name}"].{fill}_({self.text(output)})')
        return [*lines, f"{self.weights}.sub_({self.text(self.graph.update)})"]

    def scalar(self, value: Value) -> list[str]:
        """A scalar of the whole tree, one argument a line if it is long."""
        line = self.assignment(value, self.list_text, 3)
        if len(line) <= layout.WIDTH or value.op not in WHOLE_TREE:
            return [line]
        start = f"{self.names[value]} = _{value.op}("
        return layout.call(start, list(map(self.list_text, value.args)), level=3)

    def assignment(self, value: Value, text: Callable[[Operand], str], level: int) -> str:
        written = expression(value, text, self.signs, "torch")
        return f"{layout.INDENT * level}{self.names[value]} = {written}"

    def text(self, operand: Operand) -> str:
        if isinstance(operand, Number):
            return self.constants.get(operand) or literal(operand.value, "torch")
        return self.names[operand]

    def list_text(self, operand: Operand) -> str:
        """An operand outside the loops."""
        if isinstance(operand, Number) or operand.kind is Kind.SCALAR:
            return self.text(operand)
        if operand is self.graph.weights:
            return "params"
        if operand is self.graph.gradient:
            return "[p.grad for p in params]"
        if not operand.op:
            return f'[self.state[p]["{operand.name}"] for p in params]'
        return self.lists[operand]


def plain_scalars(graph: Graph) -> set[Operand]:
    """The scalars that are made of the schedule value and of constants alone."""
    found: set[Operand] = {graph.schedule}
    for value in graph.values:
        is_scalar = value.kind is Kind.SCALAR and value.op not in WHOLE_TREE
        if is_scalar and all(isinstance(arg, Number) or arg in found for arg in value.args):
            found.add(value)
    return found


def wants_tensors(graph: Graph, scalars: set[Operand]) -> bool:
    """Whether a function that takes no float reads or makes one of these scalars."""
    for value in graph.values:
        checked = value.args[:1] if value.op in _FLOAT_SECOND else value.args
        if value.op not in _ARITHMETIC and not scalars.isdisjoint((value, *checked)):
            return True
    return False
