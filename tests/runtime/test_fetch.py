"""`edgehuman zoo get` against a server on this machine."""

from __future__ import annotations

import hashlib
import http.server
import json
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from edgehuman.cli import main
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.runtime import fetch as fetch_module
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.fetch import ADDRESS_KEY, GetConfig, fetch, get
from edgehuman.runtime.model import load
from edgehuman.runtime.zoo import FETCHED, Fetched, cached, zoo_file, zoo_names
from tests import leaving
from tests.whole.house import ROOT

CONTENT = zoo_file("zoo:activity-int8").read_bytes()
WANTED = Fetched(len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), "ImuWindow")
NAME = "large"


class Server(http.server.BaseHTTPRequestHandler):
    """Serves one file, well or badly: the folder's name says how."""

    protocol_version = "HTTP/1.0"
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        how, _, name = self.path.lstrip("/").partition("/")
        if how == "elsewhere":
            self.send_response(302)
            self.send_header("Location", f"/good/{name}")
            self.end_headers()
            return
        if how == "missing":
            self.send_error(404)
            return
        content = CONTENT
        if how == "changed":
            content = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
        elif how == "longer":
            content = CONTENT + b"0"
        elif how == "page":
            content = b"<html>log in to the hotel's network</html>"
        self.send_response(200)
        if how != "unsized":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if how == "cut" else content)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Server.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation without the large model; returns the user's cache."""
    folder = tmp_path / "installed"
    folder.mkdir()
    (folder / "activity.onnx").write_bytes(zoo_file("zoo:activity").read_bytes())
    monkeypatch.setattr("edgehuman.runtime.zoo._zoo", lambda: folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for module in ("fetch", "run", "zoo"):
        monkeypatch.setattr(f"edgehuman.runtime.{module}.FETCHED", {NAME: WANTED})
    return tmp_path / "cache"


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


@pytest.mark.parametrize("name", sorted(FETCHED))
def test_the_table_is_of_the_files_in_the_repository(name: str) -> None:
    path = zoo_file(f"zoo:{name}")
    content, record = path.read_bytes(), read_card(path).input.record
    assert FETCHED[name] == Fetched(len(content), hashlib.sha256(content).hexdigest(), record)


def test_help_needs_no_file(wheel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "run", f"zoo:{NAME}"]) == 0
    assert "--accel-unit" in capsys.readouterr().out
    assert main(["run", f"zoo:{NAME}", "--source", "simulated"]) == 2
    assert f"run: edgehuman zoo get {NAME}" in capsys.readouterr().err


def test_the_wheel_leaves_out_what_the_release_brings() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    left_out = project.partition("[tool.setuptools.exclude-package-data]")[2].partition("]")[0]
    assert re.findall(r'"([\w-]+)\.onnx"', left_out) == list(FETCHED)
    assert re.findall(r"edgehuman/zoo/([\w-]+)\.onnx", release) == list(FETCHED)


@pytest.mark.parametrize("how", ["good", "unsized", "elsewhere"])
def test_a_fetched_model_is_a_model_of_the_zoo(
    how: str,
    server: str,
    wheel: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(UsageError, match=r"zoo:large \(0 MB\) is not .* edgehuman zoo get large$"):
        load("zoo:large")
    assert zoo_names() == ["zoo:activity"]
    monkeypatch.setenv(ADDRESS_KEY, f"{server}/{how}/")
    assert main(["zoo", "get", "zoo:large", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["fetched"] is True
    assert zoo_names() == ["zoo:activity", "zoo:large"]
    assert zoo_file("zoo:large") == cached(NAME) == Path(said["path"])
    assert load("zoo:large").card.task == "activity"
    assert files_below(wheel / "edgehuman") == [cached(NAME)]
    asked = len(Server.asked)
    again = get(GetConfig(NAME))
    assert "is here already" in again.text
    assert len(Server.asked) == asked


def test_a_copy_that_was_damaged_is_fetched_again(
    server: str, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS_KEY, f"{server}/good")
    cached(NAME).parent.mkdir(parents=True)
    cached(NAME).write_bytes(CONTENT[:-1])
    get(GetConfig(NAME))
    assert cached(NAME).read_bytes() == CONTENT


def test_out_is_a_file_and_the_cache_stays_empty(
    server: str, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS_KEY, f"{server}/good")
    out = tmp_path / "new" / "g.onnx"
    outcome = get(GetConfig(NAME, out))
    assert outcome.text.endswith(f"Model: {out}")
    assert out.read_bytes() == CONTENT
    assert files_below(wheel / "edgehuman") == []


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("missing", r"the server answered 404 .*EDGEHUMAN_ZOO_URL"),
        ("changed", r"is not the released file: found [0-9a-f]{{64}}, expected SHA-256"),
        ("longer", r"found more than {size} bytes"),
        ("page", r"the connection ended after 42 of {size} bytes"),
        ("cut", r"the connection ended after {half} of {size} bytes; nothing was kept"),
    ],
)
def test_what_is_not_the_file_leaves_nothing(
    how: str, said: str, server: str, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "large.onnx"
    said = said.format(size=WANTED.size, half=WANTED.size // 2)
    with pytest.raises(ArtefactError, match=said):
        fetch(f"{server}/{how}/large.onnx", WANTED, path)
    assert not path.parent.exists()
    path.parent.mkdir()
    path.write_bytes(b"an earlier one")
    with pytest.raises(ArtefactError, match=said):
        fetch(f"{server}/{how}/large.onnx", WANTED, path)
    assert path.read_bytes() == b"an earlier one"
    assert files_below(tmp_path) == [path]


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"cannot fetch http.*refused.*Check the ne"):
        fetch("http://127.0.0.1:9/large.onnx", WANTED, tmp_path / "large.onnx")


def test_a_full_disk_leaves_nothing(server: str, tmp_path: Path) -> None:
    """A process whose files may not grow beyond a part of the model: what a full disk does."""
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from edgehuman.runtime.fetch import fetch; from edgehuman.runtime.zoo import Fetched\n"
        "from edgehuman.errors import ArtefactError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: fetch(sys.argv[1], Fetched(int(sys.argv[2]), sys.argv[3], ''), Path(sys.argv[4]))\n"
        "except ArtefactError as error: print(error)\n"
    )
    path = tmp_path / "new" / "large.onnx"
    words = [f"{server}/good/large.onnx", str(WANTED.size), WANTED.sha256, str(path)]
    done = leaving.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )
    assert f"cannot write to {path} (File too large); nothing was kept" in done.stdout, done.stderr
    assert files_below(tmp_path) == []
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("file:///etc", "it must begin with http:// or https://"),
        ("mirror.example", "EDGEHUMAN_ZOO_URL is 'mirror.example'"),
    ],
)
def test_an_address_is_one_of_the_web(
    address: str, said: str, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS_KEY, address)
    with pytest.raises(UsageError, match=said):
        get(GetConfig(NAME))


def test_the_address_is_the_release_of_this_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ADDRESS_KEY, raising=False)
    import edgehuman

    assert fetch_module._address().endswith(f"/releases/download/v{edgehuman.__version__}")


def test_a_model_that_ships_and_an_unknown_one(wheel: Path) -> None:
    with pytest.raises(UsageError, match=r"zoo:activity comes with the installation; .*: large"):
        get(GetConfig("activity"))
    with pytest.raises(UsageError, match=r"unknown model to fetch 'lage'.*large"):
        get(GetConfig("lage"))


def test_a_place_that_cannot_be_written_is_told_before_the_download(
    server: str, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS_KEY, f"{server}/good")
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtefactError, match="is a file, not a folder"):
        get(GetConfig(NAME, tmp_path / "file" / "g.onnx"))
    assert Server.asked == []
