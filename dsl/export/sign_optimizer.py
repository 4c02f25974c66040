"""Detection of sign optimizers, by running them."""

import numpy

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.program import Program

ADVICE = (
    "A sign optimizer moves every weight by the same amount: use a learning rate 3 to 10 times "
    "smaller than AdamW's and a weight decay 3 to 10 times larger."
)

_SHAPES = ((3, 4), (5,))


def is_sign_optimizer(program: Program) -> bool:
    """Check that the third step moves all weights by one amount, up or down, to about 0.1%.

    The weights are zero, the schedule value is 1, and the gradients are random. Adam's first step
    is that of a sign optimizer; its third is not.
    """
    program = simplify(program)
    rng = numpy.random.default_rng(0)
    zeros = tuple(numpy.zeros(shape, numpy.float32) for shape in _SHAPES)
    backend = PytreeBackend(numpy)
    states = [zeros for _ in program.states]
    update = zeros
    with numpy.errstate(all="ignore"):
        for _ in range(3):
            gradient = tuple(rng.standard_normal(shape).astype(numpy.float32) for shape in _SHAPES)
            inputs = [zeros, gradient, *states, numpy.float32(1)]
            outputs = run(
                program, inputs, lambda op, *args: op.evaluate(backend, *args), numpy.float32
            )
            update, *states = (_widen(output) for output in outputs)
        numbers = numpy.concatenate([numpy.ravel(array) for array in update])
        size = numpy.abs(numbers).max()
        return bool(
            0 < size < numpy.inf
            and numpy.all(numpy.abs(numbers) > size * (1 - 1e-3))
            and numbers.min() < 0 < numbers.max()
        )


def _widen(output):
    """Broadcast an output to arrays of the weights' shapes."""
    by_array = output if isinstance(output, tuple) else (output,) * len(_SHAPES)
    return tuple(
        numpy.broadcast_to(numpy.asarray(array, numpy.float32), shape)
        for array, shape in zip(by_array, _SHAPES, strict=True)
    )
