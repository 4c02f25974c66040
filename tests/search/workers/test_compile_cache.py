"""Compiled code on disk: the next process reads it, damage is harmless, others cannot write it."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from jax.experimental.compilation_cache import compilation_cache

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.driver.scoring import open_pool
from lionhunt.search.evaluation.job import Job
from lionhunt.search.log import write_log
from lionhunt.search.workers import compile_cache
from lionhunt.search.workers.compile_cache import compiled_code_kept, keep_compiled, user_folder

SETTINGS = ("jax_compilation_cache_dir", *compile_cache._SETTINGS)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return the cache folder of a user who has none yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "lionhunt"


@pytest.fixture
def hits(monkeypatch, home):
    """Yield the list of cache hits, without the cache folder that all tests share."""
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    before = {name: getattr(jax.config, name) for name in SETTINGS}
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


def compiled(x):
    """Compute a function after clearing what JAX has compiled in this process."""
    jax.clear_caches()
    keep_compiled()
    return jax.jit(lambda x: jnp.sinh(x) / 3)(x)


def files(folder, ending="-cache"):
    return sorted(folder.rglob(f"*{ending}"))


def test_code_is_found_again_and_damage_is_only_slow(home, hits):
    x = jnp.linspace(0, 1, 7)
    first = compiled(x)
    assert not hits
    assert jnp.array_equal(compiled(x), first)
    assert hits
    for number, file in enumerate(files(home)):
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2] if number % 2 else b"")
    hits.clear()
    with pytest.warns(UserWarning, match="persistent compilation cache"):
        assert jnp.array_equal(compiled(x), first)
    assert not hits


def test_code_that_a_killed_process_left_half_written_is_written_again(home, hits):
    x = jnp.linspace(0, 1, 7)
    first = compiled(x)
    for file in files(home):
        file.write_bytes(file.read_bytes()[:9])
        file.with_name(file.name.removesuffix("cache") + "atime").unlink()
    assert jnp.array_equal(compiled(x), first) and not hits
    assert jnp.array_equal(compiled(x), first) and hits


def test_the_least_recently_used_code_goes_first_when_there_is_much(home, hits, monkeypatch):
    x = jnp.linspace(0, 1, 7)
    compiled(x)
    most = sum(file.stat().st_size for file in files(home))
    old = files(home)
    monkeypatch.setitem(compile_cache._SETTINGS, "jax_compilation_cache_max_size", most)
    keep_compiled()
    jax.clear_caches()
    jax.jit(lambda x: jnp.cosh(x) * x / 5)(x)
    assert sum(file.stat().st_size for file in files(home)) <= most
    assert set(files(home)) - set(old) and set(old) - set(files(home))


def test_kinds_of_code_that_nobody_uses_go_first(home, hits, monkeypatch):
    monkeypatch.setattr(compile_cache, "MAX_KINDS", 2)
    for number, name in enumerate(("a", "b", "c")):
        (home / name).mkdir(parents=True, mode=0o700)
        (home / name / "code-cache").write_bytes(b"code")
        os.utime(home / name, (number, number))
    home.chmod(0o700)
    keep_compiled()
    assert {each.name for each in home.iterdir()} == {"c", Path(folder_in_use()).name}


@pytest.mark.parametrize("change", ["processor", "versions", "threads"])
def test_code_of_another_kind_is_not_loaded(change, home, hits, monkeypatch):
    x = jnp.linspace(0, 1, 7)
    compiled(x)
    if change == "processor":
        monkeypatch.setattr("platform.machine", lambda: "abacus")
    elif change == "versions":
        monkeypatch.setattr(compile_cache.metadata, "version", lambda package: "0.0.1")
    else:
        monkeypatch.setenv("PJRT_NPROC", "7")
    compiled(x)
    assert not hits and len(list(home.iterdir())) == 2


def test_a_pool_keeps_code_for_the_user_while_it_is_open(home, hits):
    options = [DigitsMLP(num_steps=2, batch_size=2, width=2, depth=1)]
    program = assemble(dsl.library.load("sgd"))
    before = [getattr(jax.config, name) for name in SETTINGS]
    opened = open_pool(options, 0, program.functions, num_workers=0, candidate_seconds=60.0)
    with opened as pool:
        pool.start(Job("reference", program))
    assert files(home, "jit__trace_advance-*-cache")
    assert [getattr(jax.config, name) for name in SETTINGS] == before


def test_who_has_chosen_a_folder_keeps_it(tmp_path, home, hits, monkeypatch):
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "mine"))
    with compiled_code_kept():
        assert folder_in_use() == str(next(home.iterdir()))
    assert folder_in_use() == str(tmp_path / "mine")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "mine"))
    keep_compiled()
    assert folder_in_use() == str(tmp_path / "mine")


def test_folder_of_a_user_is_where_such_things_are(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert user_folder() == tmp_path / "elsewhere" / "lionhunt"
    for ignored in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
        assert user_folder() == tmp_path / ".cache" / "lionhunt"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert user_folder() == tmp_path / ".cache" / "lionhunt"


def test_code_is_readable_for_its_user_alone(home, hits):
    home.mkdir(parents=True, mode=0o755)
    keep_compiled()
    assert {home.stat().st_mode & 0o777, Path(folder_in_use()).stat().st_mode & 0o777} == {0o700}


def make_world_writable(home):
    home.mkdir(parents=True)
    home.chmod(0o777)


def make_group_writable(home):
    home.mkdir(parents=True)
    home.chmod(0o770)


def make_foreign(home):
    home.mkdir(parents=True)


def make_link_of_another(home):
    (home.parent / "mine").mkdir(parents=True)
    home.symlink_to(home.parent / "mine")


def make_file(home):
    home.parent.mkdir()
    home.write_text("")


def make_base_a_file(home):
    home.parent.write_text("")


@pytest.mark.parametrize(
    "make, message",
    [
        (make_world_writable, "others can write"),
        (make_group_writable, "others can write"),
        (make_foreign, "belongs to another user"),
        (make_link_of_another, "belongs to another user"),
        (make_file, "File exists"),
        (make_base_a_file, "Not a directory"),
    ],
)
def test_folder_that_others_could_have_written_is_not_used(
    make, message, home, hits, monkeypatch, tmp_path
):
    make(home)
    if make in (make_foreign, make_link_of_another):
        status = type(home).lstat(home)
        monkeypatch.setattr("os.geteuid", lambda: status.st_uid + 1)
    before = folder_in_use()
    with write_log(tmp_path / "log.jsonl"):
        keep_compiled()
    assert folder_in_use() == before
    line = (tmp_path / "log.jsonl").read_text()
    assert "compiled_code_not_kept" in line and message in line and line.count("\n") == 1
    assert not files(tmp_path)


def test_without_a_home_nothing_is_kept(monkeypatch, hits):
    monkeypatch.delenv("XDG_CACHE_HOME")

    def fail():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", fail)
    before = folder_in_use()
    keep_compiled()
    assert folder_in_use() == before


def test_processes_that_write_at_once_all_read_sound_code(home, hits):
    code = (
        "import jax, jax.numpy as jnp, lionhunt.search.workers.compile_cache as cache\n"
        "cache.keep_compiled()\n"
        "print(float(jax.jit(lambda x: jnp.sinh(x) / 3)(2.0)))"
    )
    words = [sys.executable, "-W", "error", "-c", code]
    runs = [subprocess.Popen(words, stdout=subprocess.PIPE) for _ in range(2)]
    assert len({run.communicate()[0] for run in runs}) == 1 and files(home)
    assert {run.returncode for run in runs} == {0}
