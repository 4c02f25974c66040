"""Texts of every exported optax file: sentences of its docstring, first states and helpers."""

from lionhunt.dsl.kinds import Kind

PRECISION = (
    "The arithmetic and the states are float32, or float64 for float64 parameters. Updates have "
    "the dtype of the parameters."
)

MASK = (
    "a tree of booleans like the parameters, a prefix of it, or a function from the parameters "
    "to such a tree; None for everywhere."
)

STATES = {
    Kind.TREE: ("arrays like the parameters", "optax.Params"),
    Kind.PER_ARRAY: ("a number for each array", "optax.Params"),
    Kind.SCALAR: ("a number, shape=()", "jax.Array"),
}
"""Description and annotation of a state of each kind."""

ZEROS = {
    Kind.TREE: "_zeros(params, state_dtype)",
    Kind.PER_ARRAY: "jax.tree.map(lambda p: jnp.zeros((), _dtype(p)), params)",
    Kind.SCALAR: "jnp.zeros((), _dtype(*jax.tree.leaves(params)))",
}
"""First value of a state of each kind."""

REAL = '''
def _check_real(tree):
    """Raise a TypeError if an array is complex."""
    if any(jnp.iscomplexobj(x) for x in jax.tree.leaves(tree)):
        raise TypeError("complex arrays: wrap it in optax.contrib.split_real_and_imaginary")
'''

DTYPE = '''
def _dtype(*arrays):
    """Return the dtype of the arithmetic: float64 if an array is float64, else float32."""
    is_double = any(jnp.result_type(x) == jnp.float64 for x in arrays)
    return jnp.float64 if is_double else jnp.float32
'''

CAST = '''
def _cast(tree, like):
    """Return a tree in the dtypes of the arithmetic for the arrays of `like`."""
    return jax.tree.map(lambda x, y: jnp.asarray(x, _dtype(y)), tree, like)
'''

LIKE = '''
def _zeros(params, dtype):
    """Return zeros like the parameters; None for the dtype of the arithmetic."""
    return jax.tree.map(lambda p: jnp.zeros_like(p, dtype=dtype or _dtype(p)), params)
'''

MASKED = '''
def _masked(decay, mask, params):
    """Return the decay of each array: zero where the mask is False."""
    tree = True if mask is None else mask(params) if callable(mask) else mask

    def fill(is_on, arrays):
        return jax.tree.map(lambda _: decay if is_on else 0.0, arrays)

    return jax.tree.map(fill, tree, params)
'''
