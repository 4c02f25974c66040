"""A program as a Python file that depends on torch alone."""

from lionhunt.dsl.export.dataflow import Number, Value
from lionhunt.dsl.export.docstrings import (
    ExportContext,
    arguments,
    introduction,
    prepare,
    schedule_words,
)
from lionhunt.dsl.export.identifiers import identifier
from lionhunt.dsl.export.python.cycled_constants import betas, cycling_words
from lionhunt.dsl.export.python.helper_functions import helpers
from lionhunt.dsl.export.python.line_breaking import (
    WIDTH,
    break_call,
    fit_width,
    format_docstring,
    indent,
    targets,
    tuple_text,
)
from lionhunt.dsl.export.python.own_helpers import check_expressions
from lionhunt.dsl.export.python.passes import GLOBAL, WHOLE_TREE, Pass
from lionhunt.dsl.export.python.python_file import PythonFile
from lionhunt.dsl.export.python.torch_scalars import plain_scalars, wants_tensors
from lionhunt.dsl.export.python.torch_texts import (
    ADD,
    CHECK,
    DIFFERENTIABLE,
    DTYPE,
    LOAD,
    OPTIONS,
    PARAMS,
    PRECISION,
    RAISES,
    RESTORE,
    STATE_DTYPE,
    WRITE,
)
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import ProgramDoc


def to_torch(program: Program, name: str, doc: ProgramDoc) -> str:
    """Return the text of a file with one class, a `torch.optim.Optimizer`.

    Args:
        program: any valid program.
        name: name of the optimizer.
        doc: docstring of the program.

    Raises:
        InvalidProgram: the program cannot run.
        FunctionError: a function of the user has no expression for it.
    """

    def render(max_length: int, constant_length: int) -> list[str]:
        context = prepare(program, name, doc, Kind.PER_ARRAY, constant_length)
        check_expressions(context.graph, "torch")
        return TorchFile(context, max_length).lines()

    return fit_width(render)


class TorchFile(PythonFile):
    """The torch file of one program.

    Attributes:
        floats: scalars that are Python floats.
        tensors: names of constants that must be tensors.
        lists: name of the list of each array value that a later stage reads.
        needs_params: True if a function sees all parameters together.
        inits_states_first: True if states are needed before the last pass.
        betas: names of the constants in `betas` of a group, which schedulers of torch cycle.
    """

    np = "torch"

    def __init__(self, context: ExportContext, max_length: int):
        super().__init__(context)
        graph = self.graph
        self.names = self.name_values(max_length)
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
        self.betas = betas(context)

    def lines(self) -> list[str]:
        title = self.context.title
        return [
            f'"""{title} as a `torch.optim.Optimizer`; exported by Lionhunt."""',
            "",
            "import math",
            "import numbers",
            "",
            "import torch",
            "",
            "",
            f"class {title}(torch.optim.Optimizer):",
            *format_docstring(self.docstring(), 1),
            "",
            *self.init(),
            "",
            *indent(ADD, 1),
            "",
            *indent(RESTORE, 1),
            "",
            *([*indent(LOAD, 1), ""] if self.graph.states else []),
            *self.step(),
            "",
            *self.complete(),
            *(["", *self.first_state()] if self.graph.states else []),
            *("", "", *CHECK),
            *("", "", *DTYPE),
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
        paragraphs.append([PRECISION])
        paragraphs += cycling_words(self.context, self.betas)
        rate = f"    lr: the learning rate; {schedule_words(self.context)}."
        args = ["Args:", PARAMS, rate, *arguments(self.context)]
        if self.large_states:
            args.append(STATE_DTYPE)
        return [*paragraphs, [*args, DIFFERENTIABLE], RAISES]

    def options(self) -> list[str]:
        """Return the names of the options other than numbers."""
        return [*(["state_dtype"] if self.large_states else []), "differentiable"]

    def init(self) -> list[str]:
        constants = self.context.naming.constants
        args = ["self", "params", "lr: float | torch.Tensor", *self.parameters(), "*"]
        args += [OPTIONS[name] for name in self.options()]
        items = ['"lr": lr']
        if self.betas:
            items.append(f'"betas": {tuple_text(self.betas)}')
        names = [c.name for c in constants if c.name not in self.betas]
        items += [f'"{name}": {name}' for name in (*names, *self.options())]
        return [
            *break_call("def __init__(", args, "):", level=1),
            *break_call("defaults = {", items, "}", level=2),
            "        super().__init__(params, defaults)",
        ]

    def complete(self) -> list[str]:
        """Write the method that fills in and checks the values of a group."""
        lines = [
            "    def _complete(self, group):",
            '        """Fill in the values that a group lacks, and check them all."""',
            "        for name, value in self.defaults.items():",
            "            group.setdefault(name, value)",
        ]
        if self.betas:
            count = len(self.betas)
            numbers = f"{count} numbers" if count > 1 else "a tuple of one number"
            lines += [
                '        betas = group["betas"]',
                f"        if not isinstance(betas, (tuple, list)) or len(betas) != {count}:",
                f'            raise ValueError(f"Invalid betas: {{betas!r}}; give {numbers}")',
                f"        {targets(self.betas)} = betas",
            ]
            lines += [f'        {name} = group.pop("{name}", {name})' for name in self.betas]
            lines.append(f'        group["betas"] = {tuple_text(self.betas)}')
        lines.append('        _check("lr", group["lr"], 0)')
        for constant in self.context.naming.constants:
            name, (low, below) = constant.name, constant.bounds
            value = name if name in self.betas else f'group["{name}"]'
            bounds = [] if low < 0 else ["0"] if below > 1 else ["0", "1"]
            lines += break_call("_check(", [f'"{name}"', value, *bounds], level=2)
        return lines

    def step(self) -> list[str]:
        lines = [
            "    @torch.no_grad()",
            "    def step(self, closure=None):",
            '        """Take a step; return what `closure` returns, if there is one."""',
            "        loss = None",
            "        if closure is not None:",
            "            with torch.enable_grad():",
            "                loss = closure()",
            "",
            "        for group in self.param_groups:",
            '            with torch.set_grad_enabled(group["differentiable"]):',
            "                self._step(group)",
            "        return loss",
            "",
            "    def _step(self, group):",
            '        """Take a step with the parameters of a group."""',
            '        params = [p for p in group["params"] if p.grad is not None]',
        ]
        if self.needs_params:
            lines += ["        if not params:", "            return"]
        lines += [
            "        if any(p.grad.is_sparse for p in params):",
            *break_call(
                "raise RuntimeError(",
                [f'"{self.context.title} does not support sparse gradients"'],
                level=3,
            ),
        ]
        graph = self.graph
        if graph.reads(graph.schedule):
            rate = 'group["lr"]' if self.floats else _tensor('group["lr"]')
            lines.append(f"        {self.names[graph.schedule]} = {rate}")
        if self.betas:
            lines.append(f'        {targets(self.betas)} = group["betas"]')
        for constant in self.context.naming.constants:
            name = constant.name
            read = name if name in self.betas else f'group["{name}"]'
            read = _tensor(read) if name in self.tensors else read
            if read != name:
                lines.append(f"        {name} = {read}")
        if self.inits_states_first and self.graph.states:
            lines.append("        for p in params:")
            lines += self.init_states("self.state[p]")
        lines.append("")
        for stage in self.stages:
            for value in stage.scalars:
                lines += self.scalar(value)
            lines += self.loop(stage)
        return lines

    def first_state(self) -> list[str]:
        """Write the method that makes the first state of a parameter."""
        zeros = {
            Kind.TREE: 'torch.zeros_like(p, dtype=group["state_dtype"] or _dtype(p))',
            Kind.PER_ARRAY: "torch.zeros((), dtype=_dtype(p), device=p.device)",
        }
        states = self.graph.states
        return [
            "    def _first_state(self, p, group):",
            '        """Return the state of a parameter before its first step."""',
            "        return {",
            *(f'            "{state.name}": {zeros[state.kind]},' for state in states),
            "        }",
        ]

    def init_states(self, place: str) -> list[str]:
        """Write the first state of a parameter; other entries of its state may be foreign."""
        first = self.graph.states[0].name
        update = f"    {place}.update(self._first_state(p, group))"
        return indent([f'if "{first}" not in {place}:', update], 3)

    def loop(self, stage: Pass) -> list[str]:
        """Write a loop over the parameters: its reads, its statements and its results."""
        is_last = stage is self.stages[-1]
        graph, lines = self.graph, []
        states = [state for state in graph.states if self.reads(stage, state)]
        if states or (is_last and graph.states):
            lines += indent(["state = self.state[p]"], 3)
            if not self.inits_states_first:
                lines += self.init_states("state")
        reads = [self.read_state(state) for state in states]
        if graph.gradient in stage.inputs:
            reads.insert(0, f"{self.names[graph.gradient]} = p.grad.to(dtype)")
        if graph.weights in stage.inputs:
            copied = 'copy=group["differentiable"]'
            reads.insert(0, f"{self.names[graph.weights]} = p.to(dtype, {copied})")
        lines += indent(reads, 3)
        if any("dtype" in line for line in lines):
            lines.insert(0, "            dtype = _dtype(p)")
        lists = [f"        {self.lists[value]} = []" for value in stage.outputs]
        head = [*lists, *self.loop_head(stage, bool(lines) or is_last)]
        if stage.arrays:
            statements = [self.assignment(value, self.text, 3) for value in stage.arrays]
            lines += [*([""] if lines else []), *statements, *([""] if is_last else [])]
        lines = [*head, *lines]
        results = [f"{self.lists[value]}.append({self.names[value]})" for value in stage.outputs]
        return lines + (self.writes() if is_last else indent(results, 3))

    def reads(self, stage: Pass, state: Value) -> bool:
        """Check that a pass reads a state; returning it unchanged is no read."""
        if any(state in value.args for value in stage.arrays):
            return True
        own = self.graph.next_states[self.graph.states.index(state)]
        return stage is self.stages[-1] and self.graph.outputs.count(state) > (own is state)

    def loop_head(self, stage: Pass, reads_params: bool) -> list[str]:
        earlier = [value for value in stage.inputs if value.op]
        if not earlier:
            return ["        for p in params:"]
        own = [("p", "params")] if reads_params else []
        own += [(self.names[value], self.lists[value]) for value in earlier]
        targets = ", ".join(target for target, _ in own)
        if len(own) == 1:
            return [f"        for {targets} in {own[0][1]}:"]
        lists = [*(source for _, source in own), "strict=True"]
        return break_call(f"for {targets} in zip(", lists, "):", level=2)

    def read_state(self, state: Value) -> str:
        """Write the read of a state; it is copied if another output returns it."""
        graph = self.graph
        own = graph.next_states[graph.states.index(state)]
        is_returned = any(output is state for output in graph.outputs)
        copied = ", copy=True" if is_returned and own is not state else ""
        return f'{self.names[state]} = state["{state.name}"].to(dtype{copied})'

    def writes(self) -> list[str]:
        """Write new states and weights, in place but for a step that is differentiated."""
        new = []
        for state, output in zip(self.graph.states, self.graph.next_states, strict=True):
            if output is not state:
                text = self.text(output)
                if output in self.floats or isinstance(output, Number):
                    text = f'torch.full_like(state["{state.name}"], {text})'
                new.append(f'"{state.name}": {text}')
        lines = [*break_call("new = {", new, "}", level=3), *indent(WRITE, 3)] if new else []
        return [*lines, f"            p.sub_({self.text(self.graph.update)})"]

    def scalar(self, value: Value) -> list[str]:
        """Write a scalar of the whole tree, one argument a line if it is long."""
        line = self.assignment(value, self.tree_text, 2)
        if len(line) <= WIDTH or value.op not in WHOLE_TREE:
            return [line]
        start = f"{self.names[value]} = _{value.op}("
        return break_call(start, list(map(self.tree_text, value.args)), level=2)

    def tree(self, value: Value) -> str:
        if value is self.graph.weights:
            return '[p.to(_dtype(p), copy=group["differentiable"]) for p in params]'
        if value is self.graph.gradient:
            return "[p.grad.to(_dtype(p)) for p in params]"
        if not value.op:
            return f'[self.state[p]["{value.name}"].to(_dtype(p)) for p in params]'
        return self.lists[value]


def _tensor(text: str) -> str:
    return f"torch.as_tensor({text}, dtype=torch.float64)"
