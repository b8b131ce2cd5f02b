"""`edgehuman run` on skeletons, from words to lines."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.runtime.serve.people.sent import Sent
from edgehuman.runtime.skeleton.results import GaitResult
from edgehuman.runtime.skeleton.run import published
from tests.runtime.gait_models import ANNA, BOB, walk, write_poses
from tests.runtime.gait_words import enrol, run
from tests.runtime.gallery.made import write_key


def test_a_stream_is_named_live_line_by_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol(capsys, folder, "ANNA")
    code, out, err = run(
        capsys, "run", folder / "nose.onnx", "--source", folder / "door.jsonl", "--gallery",
        folder / "g.npz", "--json", "--save", folder / "out" / "r.jsonl",
    )  # fmt: skip
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert len(rows) == 21
    assert {row["id"]: row["label"] for row in rows} == {
        "1": "ANNA",
        "2": "unknown",
        "3": "unknown",
    }
    assert {"t_s", "score", "latency_ms", "embedding", "raw_label"} <= set(rows[0])
    assert (folder / "out" / "r.jsonl").read_text() == out
    assert "21 windows of 3 tracks" in err


@contextmanager
def pose_estimator(*walks: list[dict[str, Any]]) -> Iterator[str]:
    """Sends these walks at once to a free port, a frame a millisecond, with garbage between; gives
    its address.

    It begins anew until it is left, as nobody hears what comes before the port is open.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        address = holder.getsockname()
    done = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while True:
                for k, lines in enumerate(zip(*walks, strict=True)):
                    if k % 10 == 0:
                        sender.sendto(b"\xff\x00garbage", address)
                    for line in lines:
                        sender.sendto(json.dumps(line).encode(), address)
                    if done.wait(0.001):
                        return

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield f"udp://{address[0]}:{address[1]}"
    finally:
        done.set()
        thread.join()


def test_a_pose_estimator_sends_by_udp(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["gallery", "enroll", folder / "nose.onnx", "--name", "ANNA"]
    words += ["--gallery", folder / "g.npz"]
    with pose_estimator(walk(ANNA, 600)) as spec:
        code, _, err = run(capsys, *words, "--source", spec)
        assert (code, "never ends; give --seconds" in err) == (2, True)
        code, out, _ = run(capsys, *words, "--source", spec, "--seconds", 2)
    assert code == 0
    assert "enrolled by" in out
    assert re.search(r"dropped: \d+ lines? unreadable", out)
    with pose_estimator(walk(ANNA, 600, 1), walk(BOB, 600, 2)) as spec:
        words = ["run", folder / "nose.onnx", "--source", spec, "--gallery", folder / "g.npz"]
        code, out, err = run(capsys, *words, "--json", "--seconds", 6)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert {row["id"]: row["label"] for row in rows} == {"1": "ANNA", "2": "unknown"}
    assert {row["source"] for row in rows} == {spec}
    assert err.count("a line cannot be read (not JSON") == 1


def test_without_a_gallery_nobody_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(
        capsys, "run", folder / "nose.onnx", "--source", folder / "anna.jsonl", "--seconds", 1
    )
    assert code == 0
    assert out.count("give --gallery to name people") == 3
    assert "3 windows of 1 tracks" in out


def test_bad_lines_are_counted_and_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "anna.jsonl"
    path.write_text("nonsense\n" + path.read_text())
    code, out, err = run(capsys, "run", folder / "nose.onnx", "--source", path)
    assert code == 0
    assert "dropped: 1 line unreadable" in out
    assert "a line cannot be read (line 1: " in err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--source", "none.jsonl"], 1, "no such file"),
        (["--source", "anna.jsonl", "--gallery", "none.npz"], 1, "no such gallery"),
        (["--source", "anna.jsonl", "--threshold", "7"], 2, "threshold is 7"),
        (["--source", "anna.jsonl", "--threshold", "nan"], 2, "threshold is nan"),
        (["--source", "anna.jsonl", "--hop-s", "nan"], 2, "hop_s is nan"),
        (["--source", "anna.jsonl", "--hop-s", "inf"], 2, "hop_s is inf"),
        (["--source", "anna.jsonl", "--hop-s", "-1"], 2, "hop_s is -1"),
        (["--source", "anna.jsonl", "--seconds", "nan"], 2, "seconds is nan"),
        (["--source", "short.jsonl"], 1, "hold no window of 0.5 s of one track"),
    ],
)
def test_wrong_words_end_in_one_line(
    words: list[str],
    code: int,
    said: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_poses(folder / "short.jsonl", walk(ANNA, 0.25))
    monkeypatch.chdir(folder)
    found, _, err = run(capsys, "run", "nose.onnx", *words)
    assert (found, said in err) == (code, True), err


@pytest.mark.parametrize(
    "words", [["--smoothing", "none"], ["--timeline", "t.png"], ["--axes", "x"]]
)
def test_words_for_a_wearable_are_unknown_here(
    words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(folder / "anna.jsonl")
    assert main(["run", str(folder / "nose.onnx"), "--source", source, *words]) == 2
    assert f"unknown flag {words[0]}" in capsys.readouterr().err


def test_an_empty_gallery_names_nobody(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    enrol(capsys, folder, "ANNA")
    run(capsys, "gallery", "forget", folder / "g.npz", "--name", "ANNA")
    words = [folder / "nose.onnx", "--source", folder / "anna.jsonl", "--gallery", folder / "g.npz"]
    code, _, err = run(capsys, "gallery", "identify", *words)
    assert (code, "is empty; enrol somebody" in err) == (1, True)
    code, out, err = run(capsys, "run", *words, "--json")
    assert code == 0
    assert "is empty: everybody is unknown" in err
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["label"], row["state"]) for row in rows] == [
        *[(None, "not yet")] * 5,
        *[("unknown", "unknown")] * 2,
    ]
    code, out, _ = run(capsys, "run", *words)
    assert (out.count("not yet "), out.count("unknown ")) == (5, 3)
    assert "give --gallery" not in out
    assert "windows per name: unknown 2" in out
    assert "windows after which it was too early to say: 5" in out


def test_an_encrypted_gallery_is_run_with_its_key(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = write_key(folder / "k.key")
    words = ["--gallery", folder / "g.gallery", "--key", key]
    assert enrol(capsys, folder, "ANNA", *words, "--no-consent-record")[0] == 0
    line = ["run", folder / "nose.onnx", "--source", folder / "door.jsonl", *words]
    code, out, _ = run(capsys, *line, "--json")
    assert (code, {json.loads(row)["label"] for row in out.splitlines()}) == (
        0, {None, "ANNA", "unknown"}
    )  # fmt: skip
    code, _, err = run(capsys, *line[:-2])
    assert (code, "is encrypted: give its key" in err) == (1, True)


@pytest.mark.parametrize(("label", "said"), [("ANNA", "known"), ("unknown", "unknown"), ("", None)])
def test_what_is_published_names_nobody_unless_it_is_asked_for(label: str, said: str) -> None:
    """And never a vector."""
    result = GaitResult(1.0, label, 0.9, 1.0, "ANNA", 0, track="7", vector_D=np.ones(4, np.float32))
    facts = published(result, Sent("none", None, None))
    assert (facts.row["label"], facts.track, facts.name) == (said, "7", "")
    assert "ANNA" not in str(facts)
    assert "embedding" not in facts.row
    named = published(result, Sent("all", None, None))
    assert named.row["label"] == (label or None)
    assert named.name == (label if said == "known" else "")
    assert "embedding" not in named.row
