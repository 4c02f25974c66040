"""Compiled code on disk: found again by the next process, and harmless where it is damaged."""

import jax
import jax.numpy as jnp
import pytest

from search.compile_cache import keep_compiled


@pytest.fixture
def hits(monkeypatch):
    """What was found in the cache; afterwards nothing is kept any more."""
    names = (
        "jax_compilation_cache_dir",
        "jax_persistent_cache_min_compile_time_secs",
        "jax_persistent_cache_min_entry_size_bytes",
    )
    before = {name: getattr(jax.config, name) for name in names}
    found = []

    def listen(event, **kwargs):
        if event == "/jax/compilation_cache/cache_hits":
            found.append(event)

    jax.monitoring.register_event_listener(listen)
    yield found
    jax.monitoring.unregister_event_listener(listen)
    for name, value in before.items():
        jax.config.update(name, value)


def compiled(folder, x):
    """The value of a function that this process has not compiled yet, as far as it knows."""
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
