"""Compiling for a test that runs what it compiles once or twice."""

import functools

import jax

compile_quickly = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})
"""`jax.jit`, in half the time, of code that is slower."""
