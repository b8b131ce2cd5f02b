"""The page's changes as they come over the wire: who may, what, how much and how often."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.gallery import read_gallery, update_gallery
from edgehuman.runtime.serve.access import WORD_HEADER
from edgehuman.runtime.serve.board import Cursor
from edgehuman.runtime.serve.people import changes
from edgehuman.runtime.serve.people.asked import MOST_BYTES, Asked
from edgehuman.runtime.serve.people.changes import Rate
from edgehuman.runtime.serve.people.keeper import Keeper
from tests import leaving
from tests.runtime.gallery.made import quiet, write_known
from tests.runtime.serve.browser import Browser, Tab, program
from tests.runtime.serve.people.keeping import Kept
from tests.runtime.serve.viewing import TOKEN, Answer, Running, running

EVIL = "<script>alert(1)</script>"
ENROL = {"do": "enrol", "track": "3", "name": "CLEO", "consent": "2026-03"}
PATHS = ("/people", "/people/", "/people/../people", "/people%2f..", "/", "/page.js", "/metrics")


@dataclass
class Managed:
    """A page that manages a gallery."""

    page: Running
    kept: Kept
    told: list[str]

    def ask(self, path: str = "/people", body: bytes | None = None, **headers: str) -> Answer:
        """A change as the page itself sends it; headers replace its own, "-" leaves one out."""
        content = json.dumps(ENROL).encode() if body is None else body
        host = self.page.headers["host"]
        own = {
            "origin": f"http://{host}",
            "content_type": "application/json",
            "content_length": str(len(content)),
            "x_edgehuman_change": self.page.server.page.word,
        }
        return self.page.ask(path, method="POST", body=content, **{**own, **headers})

    def people(self) -> dict[str, int]:
        return read_gallery(self.kept.path).people()


@contextlib.contextmanager
def managed(path: Path, keeper: Keeper | None = None) -> Iterator[Managed]:
    write_known(path)
    kept, told = Kept(path), list[str]()
    with running("poses", keeper=keeper or kept.keeper(), notify=told.append) as page:
        yield Managed(page, kept, told)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Managed]:
    with managed(tmp_path_factory.mktemp("site") / "known.gallery") as found:
        yield found


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many changes as a test needs."""
    monkeypatch.setattr(Rate, "take", lambda self: True)


def test_the_page_is_told_who_is_known_and_the_word(site: Managed) -> None:
    answer = site.page.ask("/people")
    row = json.loads(answer.body)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert row["word"] == site.page.server.page.word
    assert TOKEN not in answer.body.decode()
    assert [person["name"] for person in row["people"]] == ["ANNA", "BOB"]
    assert [track["windows"] for track in row["tracks"]] == [5, 5, 5, 1]
    assert site.page.ask("/people", cookie="-").status == 401
    assert site.page.ask("/people", origin="http://evil.example").status == 403
    found = json.loads(site.page.ask("/people?name=bo").body)
    assert [person["name"] for person in found["people"]] == ["BOB"]


def test_a_change_is_done_and_answered_in_words(tmp_path: Path) -> None:
    with managed(tmp_path / "known.gallery") as site, site.page.socket() as viewer:
        row, _ = viewer.update()
        assert row["about"]["manages"] is True
        answer = site.ask()
        assert (answer.status, "CLEO is enrolled" in answer.body.decode()) == (200, True)
        assert site.people() == {"ANNA": 2, "BOB": 1, "CLEO": 1}
        site.page.board.add({"t": 3.0, "tracks": ["3"], "names": {"3": {"name": "CLEO"}}})
        answer = site.ask(body=b'{"do": "forget", "name": "CLEO"}')
        assert (answer.status, site.people()) == (200, {"ANNA": 2, "BOB": 1})
        viewer.acknowledge(row)
        row, _ = viewer.update()
    # Whoever looks now, or later, is not told who it was.
    assert "CLEO" not in json.dumps(row)
    assert row["lines"][-1]["names"] == {"3": {"state": "unknown"}}


def test_whom_another_program_forgot_is_not_named_in_the_timeline_either(tmp_path: Path) -> None:
    with managed(tmp_path / "known.gallery") as site:
        site.page.ask("/people")
        site.page.board.add({"t": 3.0, "tracks": ["3"], "names": {"3": {"name": "ANNA"}}})
        update_gallery(site.kept.path, lambda known: known.forget("ANNA"), notify=quiet)
        site.page.ask("/people")
        news = site.page.board.since(Cursor())
    assert "ANNA" not in json.dumps(news.lines)
    assert news.lines[-1]["names"] == {"3": {"state": "unknown"}}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"cookie": "-"}, 401),
        ({"cookie": "edgehuman-1=x"}, 401),
        ({"origin": "-"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "none"}, 403),
        ({"x_edgehuman_change": "-"}, 403),
        ({"x_edgehuman_change": TOKEN}, 403),
        ({"x_edgehuman_change": "0" * 64}, 403),
        ({"host": "evil.example"}, 421),
        ({"content_type": "-"}, 415),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "multipart/form-data; boundary=x"}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_length": "-", "transfer_encoding": "chunked"}, 411),
        ({"content_length": "-"}, 411),
        ({"content_length": str(MOST_BYTES + 1)}, 413),
        ({"content_length": "99999999999999"}, 411),
    ],
)
def test_who_is_not_the_page_changes_nothing(
    site: Managed, headers: dict[str, Any], status: int
) -> None:
    before = site.kept.path.read_bytes()
    answer = site.ask(**headers)
    assert (answer.status, site.kept.path.read_bytes()) == (status, before)
    assert "ANNA" not in answer.body.decode()


def test_the_token_in_an_address_opens_no_change(site: Managed) -> None:
    assert site.ask(f"/people?token={TOKEN}", cookie="-").status == 401


def test_a_program_that_bears_the_token_needs_the_word_too(site: Managed) -> None:
    bears: dict[str, Any] = {"cookie": "-", "origin": "-", "authorization": f"Bearer {TOKEN}"}
    assert site.ask(x_edgehuman_change="-", **bears).status == 403
    assert site.ask(body=b"{}", **bears).status == 400


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[]", b"null", b'{"do": "drop"}', b'{"do":"forget","name":"A","x":1}',
     b"[" * 2000, b'{"do":"forget","name":"ANNA","name":"BOB"}'],
)  # fmt: skip
def test_what_is_malformed_changes_nothing(site: Managed, body: bytes) -> None:
    before = site.kept.path.read_bytes()
    answer = site.ask(body=body)
    assert (answer.status, site.kept.path.read_bytes()) == (400, before)
    assert json.loads(answer.body)["error"]


def test_a_body_that_is_longer_than_it_says_or_never_comes(
    site: Managed, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.ask(body=b'{"do": "forget", "name": "ANNA"}' + b" " * 4000).status == 413
    monkeypatch.setattr(changes, "BODY_S", 0.1)
    assert site.ask(body=b'{"do"', content_length="200").status == 408
    assert site.people()["ANNA"] == 2


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_no_other_method_is_answered(site: Managed, method: str) -> None:
    assert site.page.ask("/people", method=method).status == 405


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/people"])
def test_no_other_path_takes_changes(site: Managed, path: str) -> None:
    before = site.kept.path.read_bytes()
    assert site.ask(path).status in (404, 405)
    assert site.kept.path.read_bytes() == before


def test_where_nothing_is_managed_there_is_nothing_to_change() -> None:
    with running("poses") as page, page.socket() as viewer:
        assert viewer.update()[0]["about"]["manages"] is False
        assert page.ask("/people").status == 404
        assert page.ask("/people", method="POST", body=b"{}", content_length="2").status == 405


def test_a_name_is_text_and_stays_it(tmp_path: Path) -> None:
    with managed(tmp_path / "known.gallery") as site:
        answer = site.ask(body=json.dumps({**ENROL, "name": EVIL}).encode())
        assert EVIL in json.loads(answer.body)["said"]
        assert site.people()[EVIL] == 1
        answer = site.page.ask("/people")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'" in policy
        assert "unsafe" not in policy


class Failing(Keeper):
    """A keeper that fails as it is told to."""

    def __init__(self, kept: Kept, error: Exception) -> None:
        self.__dict__.update(kept.keeper().__dict__)
        self._error = error

    def change(self, asked: Asked) -> dict[str, Any]:
        raise self._error


@pytest.mark.parametrize(
    ("error", "status", "said", "told"),
    [
        (UsageError("cannot write to known.gallery (disk is full); unchanged"), 422, "full", 0),
        (RuntimeError("a fault of ours in /home/secret"), 500, "nobody foresaw", 1),
    ],
)
def test_what_fails_is_told_and_the_page_goes_on(
    tmp_path: Path, error: Exception, status: int, said: str, told: int
) -> None:
    path = write_known(tmp_path / "known.gallery")
    with managed(tmp_path / "other.gallery", Failing(Kept(path), error)) as site:
        answer = site.ask()
        assert (answer.status, len(site.told)) == (status, told)
        assert said in json.loads(answer.body)["error"]
        assert "secret" not in answer.body.decode()
        assert site.page.ask("/people").status == 200


class Waiting(Keeper):
    """A keeper that waits, as for another program."""

    def __init__(self, kept: Kept) -> None:
        self.__dict__.update(kept.keeper().__dict__)
        self.leave, self.came = threading.Event(), threading.Semaphore(0)

    def change(self, asked: Asked) -> dict[str, Any]:
        self.came.release()
        self.leave.wait(20)
        return {"said": "done"}


def test_so_many_wait_and_the_page_is_shown_meanwhile(tmp_path: Path) -> None:
    keeper = Waiting(Kept(write_known(tmp_path / "known.gallery")))
    with managed(tmp_path / "other.gallery", keeper) as site:
        found: list[int] = []
        threads = [
            threading.Thread(target=lambda: found.append(site.ask().status))
            for _ in range(changes.MOST_WAITING)
        ]
        for thread in threads:
            thread.start()
        for _ in threads:
            keeper.came.acquire(timeout=20)
        assert site.page.ask("/people").status == site.ask().status == 503
        assert site.page.ask("/").status == 200
        keeper.leave.set()
        for thread in threads:
            thread.join()
        assert found == [200] * changes.MOST_WAITING
        assert site.page.ask("/people").status == 200


def enrol_and_see(tab: Tab, name: str) -> None:
    """Enrol a walker who is new, and see the name; the simulator's are there for ten seconds, and
    then others, so that on a busy machine one may have left.
    """
    track, done = "document.getElementById('track')", "document.getElementById('done')"
    for _ in range(8):
        if not tab.ask("document.getElementById('name').value"):
            tab.type("#name", name)
        found = tab.until(
            f"[...{track}.options].filter((row) => / unknown, [4-9] windows/.test(row.textContent)"
            ").map((row) => row.value)[0]",
            60,
        )
        tab.ask(f"{track}.value = {found!r}; {done}.textContent = ''")
        tab.click("#enrol button")
        tab.until(f"!['', 'working …'].includes({done}.textContent)")
        if tab.ask(f"{done}.textContent.includes('is enrolled')"):
            until_s = time.monotonic() + 4
            while time.monotonic() < until_s:
                if tab.ask(f"document.getElementById('walkers').innerText.includes({name!r})"):
                    return
    raise AssertionError(tab.ask("document.body.innerText"))


@pytest.mark.long
def test_in_a_browser_walkers_are_enrolled_named_and_forgotten(tmp_path: Path) -> None:
    """A run on simulated walkers of the simulator, clicked through; nobody in it is real."""
    path, gallery = program(), tmp_path / "known.gallery"
    words = "run zoo:gait-skeleton --source simulated --realtime --serve 0 --json --serve-gallery"
    command = [sys.executable, "-m", "edgehuman", *words.split(), "--gallery", str(gallery)]
    run = leaving.start(command, stdout=-3, stderr=subprocess.PIPE)
    assert run.stderr is not None
    said = (line for line in run.stderr if "page: http" in line)
    url = next(said).partition("page: ")[2].strip()
    with Browser(path, tmp_path / "profile") as browser:
        tab = browser.open(url)
        track = "document.getElementById('track')"
        done = "document.getElementById('done').textContent"
        tab.until(f"{track}.options.length >= 3")
        # Without a word on consent the form is not sent.
        tab.type("#name", "Anna")
        tab.click("#enrol button")
        assert tab.ask(done) == ""
        tab.type("#consent", "2026-03")
        enrol_and_see(tab, "Anna")
        enrol_and_see(tab, EVIL)
        tab.until("document.querySelectorAll('#known li').length === 2")
        assert tab.ask("document.scripts.length") == 2
        # Forget: once thought better of, then done.
        tab.click("#known button")
        tab.until("document.getElementById('sure').open")
        tab.click("#sure-no")
        tab.until("!document.getElementById('sure').open")
        assert {*read_gallery(gallery).people()} == {"Anna", EVIL}
        tab.click("#known button")
        tab.click("#sure-yes")
        tab.until(f"{done}.includes('Anna is forgotten')")
        tab.until("!document.getElementById('walkers').innerText.includes('Anna')")
        assert {*read_gallery(gallery).people()} == {EVIL}
        assert tab.ask("document.documentElement.scrollWidth <= innerWidth")
        run.send_signal(signal.SIGTERM)
        tab.until("document.getElementById('state').textContent === 'the run has ended'")
        refused = "422"  # of who had left meanwhile
        assert [error for error in tab.errors() if refused not in error] == []
    assert run.wait(30) == 0
    run.stderr.close()


def test_the_rate_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    now_s = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    rate = Rate(burst=2, every_s=3.0)
    assert [rate.take() for _ in range(3)] == [True, True, False]
    now_s = 2.9
    assert not rate.take()
    now_s = 3.1
    assert [rate.take() for _ in range(2)] == [True, False]
    now_s = 1000.0
    assert [rate.take() for _ in range(3)] == [True, True, False]


def test_too_many_changes_are_told_when_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rate, "take", lambda self: False)
    with managed(tmp_path / "known.gallery") as site:
        answer = site.ask()
        assert (answer.status, answer.headers["retry-after"]) == (429, "3")
        assert site.people() == {"ANNA": 2, "BOB": 1}


def test_the_word_is_not_the_cookie_and_not_the_token(site: Managed) -> None:
    word = site.page.server.page.word
    assert word not in site.page.headers["cookie"]
    assert word != TOKEN
    assert WORD_HEADER == "x-edgehuman-change"
