"""Compiled code on disk: the next process reads it, and damage is harmless."""

import jax
import jax.numpy as jnp
import pytest
from jax.experimental.compilation_cache import compilation_cache

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.driver.scoring import open_pool
from lionhunt.search.evaluation.job import Job
from lionhunt.search.workers.compile_cache import keep_compiled, keep_no_longer, user_folder


@pytest.fixture
def hits(monkeypatch):
    """Yield the list of cache hits, without the cache folder that all tests share."""
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    names = (
        "jax_compilation_cache_dir",
        "jax_persistent_cache_min_compile_time_secs",
        "jax_persistent_cache_min_entry_size_bytes",
    )
    before = {name: getattr(jax.config, name) for name in names}
    hits = []

    def listen(event, **kwargs):
        if event == "/jax/compilation_cache/cache_hits":
            hits.append(event)

    jax.monitoring.register_event_listener(listen)
    yield hits
    jax.monitoring.unregister_event_listener(listen)
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()


def folder_in_use():
    return getattr(jax.config, "jax_compilation_cache_dir")  # noqa: B009


def compiled(folder, x):
    """Compute a function after clearing what JAX has compiled in this process."""
    jax.clear_caches()
    keep_compiled(folder)
    return jax.jit(lambda x: jnp.sinh(x) / 3)(x)


def test_code_is_found_again_and_damage_is_only_slow(tmp_path, hits):
    x = jnp.linspace(0, 1, 7)
    first = compiled(tmp_path, x)
    assert not hits
    assert jnp.array_equal(compiled(tmp_path, x), first)
    assert hits
    for number, file in enumerate(sorted(tmp_path.rglob("*-cache"))):
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2] if number % 2 else b"")
    hits.clear()
    with pytest.warns(UserWarning, match="persistent compilation cache"):
        assert jnp.array_equal(compiled(tmp_path, x), first)
    assert not hits


def test_another_folder_is_another_cache(tmp_path, hits):
    x = jnp.linspace(0, 1, 7)
    compiled(tmp_path / "one", x)
    compiled(tmp_path / "two", x)
    assert not hits and list((tmp_path / "two").rglob("*-cache"))


def test_a_pool_keeps_code_in_its_folder_while_it_is_open(tmp_path, hits):
    options = [DigitsMLP(num_steps=2, batch_size=2, width=2, depth=1)]
    program = assemble(dsl.library.load("sgd"))
    opened = open_pool(
        options, 0, program.functions, num_workers=0, candidate_seconds=60.0, cache=tmp_path
    )
    with opened as pool:
        pool.start(Job("reference", program))
    assert list(tmp_path.rglob("jit_run-*-cache"))
    assert folder_in_use() is None


def test_who_has_chosen_a_folder_keeps_it(tmp_path, hits, monkeypatch):
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "mine"))
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "mine"))
    keep_compiled(tmp_path / "run")
    assert folder_in_use() == str(tmp_path / "mine")
    keep_no_longer()
    assert folder_in_use() == str(tmp_path / "mine")


def test_folder_of_a_user_is_where_such_things_are(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert user_folder() == tmp_path / ".cache" / "lionhunt"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert user_folder() == tmp_path / "elsewhere" / "lionhunt"
