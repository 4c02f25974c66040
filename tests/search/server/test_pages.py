"""The pages of the server: each is sound, each link leads somewhere, and each text is shown."""

import collections
import json
import re
import shutil

import pytest

import lionhunt
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.user_code.functions import load_functions
from tests.support.own_functions import write_functions
from tests.support.search.forged_runs import change, forge
from tests.support.search.html_pages import ParsedPage
from tests.support.search.runs import best_of, create, finished
from tests.support.search.served import HOME, links_of, read_whole, served

MAX_OF_KIND = 12
"""Pages of a kind that are looked at."""
HOSTILE = "</script><script>alert(1)</script><!--\u2028\u202e\x1b[2J<b>\"'"
REPORT = "# Selection\n\n| a | |\n|---|---|\n| 1 | <script>alert(1)</script> |\n\n```\ncode\n```\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory, finished_run_dir):
    root = tmp_path_factory.mktemp("runs")
    shutil.copytree(finished_run_dir, root / "a run" / "first")
    finished(root / "second", seed=2)
    (root / "chosen").mkdir()
    (root / "chosen" / "report.json").write_text('{"claims": []}')
    (root / "chosen" / "report.md").write_text(REPORT)
    return root


@pytest.fixture(scope="module")
def client(root):
    with served(root) as client:
        yield client


def best_in(folder):
    with RunStore.open_to_read(folder) as records:
        return best_of(records)


def check(answer):
    """Check that a page is sound, and that it has no script but those of the server."""
    assert answer.status_code == 200, answer.text
    parsed = ParsedPage(answer.text)
    assert not parsed.open
    ids = parsed.names("id")
    assert len(ids) == len(set(ids))
    for attrs, content in parsed.scripts:
        is_data = attrs.get("type") == "application/json"
        assert is_data or not content and str(attrs["src"]).startswith("/static/")
    assert [tag for tag, _ in parsed.tags].count("h1") == 1
    assert not [name for _, attrs in parsed.tags for name in attrs if name.startswith("on")]
    return parsed


def test_every_page_that_pages_lead_to_is_there(client):
    waiting, seen = [f"{HOME}/", f"{HOME}/diff", f"{HOME}/compare"], set()
    counts = collections.Counter()
    read_whole(client, "/")
    while waiting:
        address = waiting.pop(0)
        kind = address.removeprefix(HOME).split("/")[1].partition("?")[0]
        counts[kind] += address not in seen
        if address in seen or counts[kind] > MAX_OF_KIND:
            continue
        seen.add(address)
        # Reading the nearest optimizer starts a process.
        if "/class/" in address:
            continue
        answer = read_whole(client, address)
        assert answer.status_code in (200, 204), address
        if answer.headers.get("content-type", "").startswith("text/html"):
            if "<!doctype" in answer.text:
                check(answer)
            waiting += links_of(answer)
    assert counts.keys() >= {"", "run", "program", "export", "experiment", "static", "live", "diff"}


def test_list_has_all_with_their_states(client):
    text = check(read_whole(client, "/")).text
    assert "a run/first" in text and "complete" in text and "claims" in text


def test_page_of_a_run_has_its_best(client, root):
    best = best_in(root / "second")
    page = check(read_whole(client, "/run/second"))
    assert str(lionhunt.dsl.simplify(best.program)) in page.text
    assert f"best fitness {best.fitness:.4f}" in page.text
    (data,) = (text for attrs, text in page.scripts if attrs.get("id") == "data")
    charts = json.loads(data)["charts"]
    assert charts["history"]["data"][1]["y"][-1] == pytest.approx(best.fitness)


def test_page_of_a_program_has_code_scores_and_relatives(client, root):
    best = best_in(root / "second")
    index = best.individual.index
    read_whole(client, "/run/second")
    page = check(client.get(f"/program/{index}/second"))
    assert str(best.program) in page.text and f"fitness {best.fitness:.4f}" in page.text
    with RunStore.open_to_read(root / "second") as records:
        rows = list(records.rows())
    children = [row for row in rows if row.individual.parent == index]
    same = [r for r in rows if r.fingerprint == best.fingerprint and r.individual.index != index]
    assert f"{len(children)} children" in page.text
    links = {link.partition(f"{HOME}/program/")[2] for link in links_of(client.get(page_of(index)))}
    for row in children[:20] + same[:20]:
        assert f"{row.individual.index}/second" in links


def page_of(index):
    return f"/program/{index}/second"


def test_exports_are_those_of_the_command(client, root):
    program = lionhunt.program(f"{root / 'second'}:7")
    for target in ("optax", "torch", "latex"):
        code = getattr(program, f"to_{target}")()
        assert ParsedPage(client.get(f"/export/{target}/7/second").text).text.endswith(code)
        saved = client.get(f"/export/{target}/7/second?file=1")
        assert saved.text == code and "attachment" in saved.headers["content-disposition"]


def test_program_has_its_nearest_optimizer(client):
    assert "distance" in client.get("/class/0/second").text


def test_programs_are_found(client, root):
    read_whole(client, "/run/second")
    with RunStore.open_to_read(root / "second") as records:
        rows = list(records.rows())
    some = rows[40]
    for query, is_wanted in (
        ({"text": "interp(G"}, lambda row: "interp(g" in str(row.individual.program)),
        ({"fingerprint": some.fingerprint[:9]}, lambda r: r.fingerprint == some.fingerprint),
        ({"function": "square"}, lambda row: "square(" in str(row.individual.program)),
        ({"function": "add"}, lambda row: " + " in str(row.individual.program)),
        ({"fitness": "0.1"}, lambda row: (row.fitness or -1) >= 0.1),
        ({"reason": "not_finite", "mutation": "modify"}, is_failed_change),
    ):
        wanted = sorted(
            (row for row in rows if is_wanted(row)),
            key=lambda row: (-row.rank_or_neg_inf, row.individual.index),
        )
        answer = client.get("/find/second", params=query)
        check(answer)
        found = re.findall(r'<tr><td><a href="/program/(\d+)/second">', answer.text)
        assert list(map(int, found)) == [row.individual.index for row in wanted[:50]], query


def is_failed_change(row):
    return row.status.value == "not_finite" and row.individual.mutation == "modify"


def test_diff_stands_side_by_side(client, root):
    best = best_in(root / "second").individual.index
    text = check(client.get("/diff", params={"left": f"second:{best}", "right": "lion"})).text
    assert "The programs differ" in text and "update = sign(update)" in text
    wrong = check(client.get("/diff", params={"left": "/etc/passwd", "right": "lion"})).text
    assert "no program" in wrong


def test_two_runs_stand_side_by_side(client):
    for name in ("/run/second", "/run/a run/first"):
        read_whole(client, name)
    page = check(client.get("/compare", params={"left": "second", "right": "a run/first"}))
    assert "Settings that differ" in page.text and "seed" in page.text
    assert "chart-runs" in page.names("id")
    wrong = check(client.get("/compare", params={"left": "second", "right": "../x"}))
    assert "no folder" in wrong.text


def test_report_of_an_experiment_is_shown_as_text(client):
    page = check(client.get("/experiment/chosen"))
    assert "<script>alert(1)</script>" in page.text and "code" in page.text


@pytest.mark.parametrize(
    "address",
    ["/none", "/run/none", "/run/%2e%2e/%2e%2e", "/run//etc", "/run/%00", "/program/99999/second"]
    + ["/program/1/none", "/export/exe/1/second", "/job/7", "/static/x.js", "/experiment/none"]
    + ["/program/99999999999999999999999/second", "/live/run/none", "/class/99999/second"],
)
def test_wrong_addresses_are_one_line(client, address):
    answer = client.get(address)
    assert answer.status_code in (404, 422)
    assert "Traceback" not in answer.text and "site-packages" not in answer.text


def test_links_out_of_the_folder_are_not_followed(tmp_path, finished_run_dir):
    shutil.copytree(finished_run_dir, tmp_path / "outside")
    root = tmp_path / "runs"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    with served(root) as client:
        assert client.get("/run/link").status_code == 404
        assert "link" not in read_whole(client, "/").text.partition("<main")[2]


def test_texts_of_a_stranger_are_shown(finished_run_dir, tmp_path):
    name = "<script>alert(1)<!--\u202e'\""
    folder = shutil.copytree(finished_run_dir, tmp_path / name)
    forge(folder, "individuals", "mutation", HOSTILE)
    tasks = [{"name": HOSTILE, "metric": HOSTILE, "higher_is_better": True, "digest": HOSTILE}]
    forge(folder, "run", "value", json.dumps(tasks), "key = 'tasks'")
    with served(tmp_path) as client:
        list_of_runs = read_whole(client, "/")
        (address,) = (link for link in links_of(list_of_runs) if "/run/" in link)
        run = read_whole(client, address)
        program = client.get(address.replace("/run/", "/program/20/"))
        found = client.get(address.replace("/run/", "/find/"))
        for answer in (list_of_runs, run, program, found):
            page = check(answer)
            assert "<script>alert(1)" in page.text
            for character in "\u2028\u202e\x1b":
                assert character not in answer.text
        live = client.get(address.replace("/run/", "/live/run/"))
        assert "<script" not in live.text and "\u202e" not in live.json()["parts"]["tables"]


def test_damaged_runs_are_one_line(finished_run_dir, tmp_path):
    folder = shutil.copytree(finished_run_dir, tmp_path / "damaged")
    change(folder, 'UPDATE individuals SET parent = 9999 WHERE "index" = 50')
    shutil.copytree(finished_run_dir, tmp_path / "cut")
    (tmp_path / "cut" / "run.sqlite").write_bytes(b"SQLite format 3\x00" + bytes(500))
    with served(tmp_path) as client:
        assert "damaged" in read_whole(client, "/").text
        for name in ("damaged", "cut"):
            answer = client.get(f"/run/{name}")
            for _ in range(50):
                if answer.status_code != 200:
                    break
                answer = client.get(f"/run/{name}")
            assert answer.status_code == 422 and "Traceback" not in answer.text


def test_run_without_any_fitness_has_a_page(tmp_path):
    with create(tmp_path / "begun"):
        pass
    with served(tmp_path) as client:
        assert "No program has a fitness yet" in check(read_whole(client, "/run/begun")).text


def test_folder_of_a_run_may_be_served_itself(root):
    with served(root / "second") as client:
        page = read_whole(client, "/")
        assert "this folder" in page.text
        (address,) = (link for link in links_of(page) if "/run/" in link)
        check(read_whole(client, address))
        assert client.get("/program/3/").status_code == 200


def test_empty_folder_says_how_to_begin(tmp_path):
    with served(tmp_path) as client:
        assert "lionhunt search quickstart" in read_whole(client, "/").text


def test_nothing_in_the_folder_changes(root, client):
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    for address in ("/", "/run/second", "/program/3/second", "/find/second"):
        read_whole(client, address)
    after = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    assert before == after


def test_functions_of_a_user_are_shown_and_not_executed(tmp_path):
    path = write_functions(tmp_path)
    changes = {"functions_from": [str(path)], "mutation": {"functions": ["own", "multiply"]}}
    with load_functions([str(path)]):
        finished(tmp_path / "runs" / "own", **changes)
    path.write_text("raise SystemExit('executed')\n")
    with RunStore.open_to_read(tmp_path / "runs" / "own") as records:
        index = next(row.individual.index for row in records.rows() if "softsign(" in text_of(row))
    with served(tmp_path / "runs") as client:
        assert "softsign" in read_whole(client, "/find/own?text=softsign(").text
        assert "softsign" in check(client.get(f"/program/{index}/own")).text
        assert check(client.get("/diff", params={"left": f"own:{index}", "right": "own:0"}))
        assert check(client.get("/diff", params={"left": f"own:{index}", "right": "lion"}))
        for address in (f"/export/torch/{index}/own", f"/class/{index}/own"):
            answer = client.get(address)
            assert answer.status_code == 422 and "is not executed here" in answer.text
        answer = client.post(f"/simplify/{index}/own", headers={"Origin": HOME})
        assert answer.status_code == 422 and "is not executed here" in answer.text


def text_of(row):
    return str(row.individual.program)
