"""Texts of every exported torch file: sentences of its docstring, methods and helpers."""

PRECISION = (
    "The arithmetic and the states are float32, or float64 for float64 parameters, whatever the "
    "dtype of the gradients. A parameter is rounded to its dtype at the end of a step."
)

PARAMS = "    params: real parameters, or dictionaries of groups of parameters."

STATE_DTYPE = (
    "    state_dtype: dtype of the states that have the shape of a parameter; None for that of the "
    "arithmetic."
)

DIFFERENTIABLE = "    differentiable: let gradients flow through a step."

RAISES = [
    "Raises:",
    "    ValueError: a number is out of its range.",
    "    TypeError: a parameter is complex.",
]

OPTIONS = {
    "state_dtype": "state_dtype: torch.dtype | None = None",
    "differentiable": "differentiable: bool = False",
}
"""Arguments other than numbers, as they stand in a signature."""

COMPLEX = "complex parameters: train torch.view_as_real(p) in their place"

ADD = f'''
def add_param_group(self, param_group):
    """Add a group of parameters, after a check of its values."""
    group = {{**param_group}}
    self._complete(group)
    super().add_param_group(group)
    if any(p.is_complex() for p in self.param_groups[-1]["params"]):
        self.param_groups.pop()
        raise TypeError("{COMPLEX}")
'''.strip().splitlines()

RESTORE = '''
def __setstate__(self, state):
    """Restore groups, which may come from a file without some of the options."""
    super().__setstate__(state)
    for group in self.param_groups:
        self._complete(group)
'''.strip().splitlines()

LOAD = '''
def load_state_dict(self, state_dict):
    """Load a state; unlike torch, do not round it to the dtype of the parameters."""
    loaded = {}
    hooks = [
        # The first of these comes after the hooks of others, the second before them.
        self.register_load_state_dict_pre_hook(lambda _, final: loaded.update(final)),
        self.register_load_state_dict_post_hook(lambda _: self._restore(loaded), prepend=True),
    ]
    try:
        super().load_state_dict(state_dict)
    finally:
        for hook in hooks:
            hook.remove()

def _restore(self, loaded):
    """Take the tensors of a state as they were saved, in the dtypes of this optimizer."""
    keys = (key for group in loaded["param_groups"] for key in group["params"])
    pairs = ((p, group) for group in self.param_groups for p in group["params"])
    for key, (p, group) in zip(keys, pairs, strict=True):
        first = self._first_state(p, group)
        for name, value in loaded["state"].get(key, {}).items():
            if torch.is_tensor(value):
                dtype = first[name].dtype if name in first else value.dtype
                self.state[p][name] = value.to(p.device, dtype)
'''.strip().splitlines()

WRITE = """
for name, value in new.items():
    if group["differentiable"]:
        state[name] = value.expand_as(state[name])
    else:
        state[name].copy_(value)
""".strip().splitlines()

CHECK = '''
def _check(name, value, low=-math.inf, below=math.inf):
    """Raise a ValueError unless a value is a number from `low` to less than `below`."""
    number = value.item() if torch.is_tensor(value) and value.numel() == 1 else value
    is_number = isinstance(number, numbers.Real) and math.isfinite(number)
    if not is_number or not low <= number < below:
        raise ValueError(f"Invalid {name}: {value!r}; give a number from {low} to below {below}")
'''.strip().splitlines()

DTYPE = '''
def _dtype(p):
    """Return the dtype of the arithmetic for a parameter."""
    return torch.float64 if p.dtype == torch.float64 else torch.float32
'''.strip().splitlines()
