"""Pages follow a search that runs, and the search does not notice."""

import threading
import time

from tests.support.search.runs import FormulaPool, advance, create, finished
from tests.support.search.served import served

NUM_VIEWERS = 10


def digest_of(folder):
    import lionhunt

    return lionhunt.load(folder).history_digest


def wait_for(condition):
    for _ in range(300):
        if (found := condition()) is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come")


def test_page_follows_a_run_to_its_end(tmp_path):
    with served(tmp_path) as client:
        with create(tmp_path / "run") as store:
            pool = FormulaPool()
            advance(store, pool, 30)

            def update(version):
                def look():
                    answer = client.get("/live/run/run", params={"after": version})
                    found = answer.json() if answer.status_code == 200 else None
                    return found if found and found["charts"] else None

                return wait_for(look)

            first = update("")
            assert "running" in first["parts"]["status"] and not first["is_last"]
            advance(store, pool)
        second = update(first["version"])
        while not second["is_last"]:
            second = update(second["version"])
        assert "complete" in second["parts"]["status"]
        answer = client.get("/live/run/run", params={"after": second["version"]})
        assert answer.status_code == 204


def test_search_is_the_same_while_ten_look(tmp_path):
    finished(tmp_path / "alone", num_programs=400)
    is_over = threading.Event()
    statuses = []

    def look(client):
        while not is_over.is_set():
            for address in ("/live/folders", "/live/run/watched", "/find/watched?text=interp"):
                statuses.append(client.get(address).status_code)

    with served(tmp_path) as client:
        viewers = [threading.Thread(target=look, args=(client,)) for _ in range(NUM_VIEWERS)]
        with create(tmp_path / "watched", num_programs=400) as store:
            for viewer in viewers:
                viewer.start()
            try:
                advance(store, FormulaPool())
            finally:
                is_over.set()
                for viewer in viewers:
                    viewer.join()
    assert set(statuses) <= {200, 204} and len(statuses) > NUM_VIEWERS
    assert digest_of(tmp_path / "watched") == digest_of(tmp_path / "alone")


def test_run_that_was_made_anew_is_read_anew(tmp_path):
    finished(tmp_path / "run")
    with served(tmp_path) as client:

        def state():
            answer = client.get("/live/run/run")
            return answer.json() if answer.status_code == 200 and answer.json()["charts"] else None

        old = wait_for(state)
        for file in (tmp_path / "run").iterdir():
            file.unlink()
        finished(tmp_path / "run", seed=3)
        assert wait_for(state)["parts"]["best"] != old["parts"]["best"]
