"""Run the Slurm script of docs/cluster.md over several jobs."""

import contextlib
import os
import sqlite3
import subprocess
import sys

from tests.support.pages import blocks, read_page

FAKE_LIONHUNT = f"""#!{sys.executable}
import os, pathlib, sqlite3, sys, time
command, *words = sys.argv[1:]
run = pathlib.Path(words[0] if command == "resume" else words[words.index("--out") + 1])
run.mkdir(exist_ok=command == "resume")
file = sqlite3.connect(run / "run.sqlite")
file.execute("PRAGMA journal_mode = WAL")
file.execute("CREATE TABLE IF NOT EXISTS jobs (command)")
file.execute("INSERT INTO jobs VALUES (?)", [command])
file.commit()
with (run / "run.log.jsonl").open("a") as log:
    print(command, *words[-4:], file=log)
# A killed driver leaves its write-ahead log.
os._exit(9)
"""


def test_slurm_script_goes_on_where_the_last_job_was(tmp_path):
    """Run it by bash, with stand-ins for Slurm, Ray and lionhunt, whose driver is killed."""
    (script,) = blocks(read_page("docs/cluster.md"), "bash")
    home, local, bin = (tmp_path / name for name in ("home", "local", "home/lionhunt/.venv/bin"))
    bin.mkdir(parents=True)
    local.mkdir()
    (bin / "activate").touch()
    programs = {"lionhunt": FAKE_LIONHUNT, "python": f'#!/bin/sh\nexec {sys.executable} "$@"\n'}
    programs |= dict.fromkeys(("ray", "sleep"), "#!/bin/sh\n")
    programs["srun"] = '#!/bin/sh\necho "$@" > "$HOME/srun"\n'
    programs["hostname"] = "#!/bin/sh\necho 10.0.0.7 10.1.0.7\n"
    for name, text in programs.items():
        (bin / name).write_text(text)
        (bin / name).chmod(0o755)
    slurm = {"SLURM_CPUS_PER_TASK": "64", "SLURM_NNODES": "16", "SLURMD_NODENAME": "n1"}
    # Slurm requeues the second job.
    for job in ("1", "2", "2", "3"):
        # A killed job leaves these folders.
        for name in ("big", f"big-{job}"):
            (local / name).mkdir(exist_ok=True)
            (local / name / "run.sqlite").write_text("stale")
        environment = {
            "HOME": str(home),
            "TMPDIR": str(local),
            "PATH": f"{bin}:{os.environ['PATH']}",
        }
        subprocess.run(
            ["bash", "-c", script], env=environment | slurm | {"SLURM_JOB_ID": job}, check=True
        )
        assert not (local / f"big-{job}").exists()
    kept = home / "runs" / "big"
    assert sorted(path.name for path in kept.iterdir()) == ["run.log.jsonl", "run.sqlite"]
    with contextlib.closing(sqlite3.connect(kept / "run.sqlite")) as file:
        rows = file.execute("SELECT command FROM jobs").fetchall()
    assert rows == [("search",), ("resume",), ("resume",), ("resume",)]
    log = (kept / "run.log.jsonl").read_text().splitlines()
    assert "--nodes=15 --ntasks=15 --exclude=n1 --cpus-per-task=64" in (home / "srun").read_text()
    words = "--workers 1022 --ray-address 10.0.0.7:6379"
    assert log == [f"{command} {words}" for (command,) in rows]
