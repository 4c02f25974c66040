"""Compilation for tests that run their compiled code once or twice."""

import functools

import jax

compile_quickly = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})
"""`jax.jit` that compiles slower code in half the time."""
