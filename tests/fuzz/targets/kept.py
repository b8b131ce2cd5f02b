"""Readers of recordings, of results that are compared, and of what a viewer of the page sends."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgehuman.runtime.replay.diff import DiffConfig, diff
from edgehuman.runtime.replay.folder import ABOUT, LINES
from edgehuman.runtime.replay.frames import RecordedFrames
from edgehuman.runtime.replay.samples import RecordedSamples
from edgehuman.runtime.serve.access import Access
from edgehuman.runtime.serve.viewer import acknowledgement
from tests.fuzz.target import Target, written

_SAMPLES = {"format": 1, "kind": "samples", "source": "udp://:5", "removed": 0, "patient": True}
_KEPT = {"source": "", "stem": "door", "video": True, "fps": 25.0, "live": False}
_FRAMES = {"format": 1, "kind": "frames", "source": "door.mp4", "removed": 0, "kept": [_KEPT]}
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000100000001008020000009091683600000019494441"
    "5478da63686060a01c8c6a18d530aa6154c3a88641"
)
_ACCESS = Access("t" * 43, frozenset({"localhost"}), 8080)


def _lines(content: bytes, folder: Path, about: Mapping[str, object]) -> None:
    (folder / "000000").mkdir(exist_ok=True)
    written(json.dumps(about).encode(), folder, ABOUT)
    written(content, folder / "000000", LINES)


def _samples(content: bytes, folder: Path) -> None:
    _lines(content, folder, _SAMPLES)
    list(RecordedSamples(folder))


def _frames(content: bytes, folder: Path) -> None:
    _lines(content, folder, _FRAMES)
    written(_PNG, folder / "000000", "00000000.png")
    list(RecordedFrames(folder))


def _about(content: bytes, folder: Path) -> None:
    _lines(b"", folder, {})
    written(content, folder, ABOUT)
    list(RecordedFrames(folder))


def _diff(content: bytes, folder: Path) -> None:
    good = written(_results()[0], folder, "good.jsonl")
    bad = written(content, folder, "bad.jsonl")
    for pair in ((good, bad), (bad, good)):
        assert isinstance(diff(DiffConfig(*pair)).data, dict)


def _viewer(content: bytes, folder: Path) -> None:
    """Nothing that a viewer sends may raise: an acknowledgement, or a request's head."""
    text = content.decode("latin-1")
    assert (acknowledgement(text) or 1) > 0
    headers = {"host": text, "cookie": text, "authorization": text, "origin": text}
    for each in ("host", "cookie", "authorization", "origin"):
        named = {"host": "localhost", each: headers[each]}
        assert _ACCESS.refusal("GET", text, named, socket=True) is not None


def _blocks() -> Sequence[bytes]:
    row = {"at_ns": 5, "t": [0.0, 0.02], "imu": [[0, 0, 1, 0, 0, 0], [0, 0, 1, 0, 0, None]]}
    more = {**row, "arrived_ns": [1, 2], "label": [0, -1], "labels": ["walking"]}
    lines = [row, {**more, "gyro_stated": True}, {"at_ns": 9}]
    return ["".join(json.dumps(line) + "\n" for line in lines).encode()]


def _frame_lines() -> Sequence[bytes]:
    row = {"at_ns": 5, "name": "0", "index": 0, "t_s": 0.5, "height": 16, "width": 16}
    lost = {**row, "name": "1", "index": 1, "t_s": None, "reason": "cannot be decoded"}
    return ["".join(json.dumps(line) + "\n" for line in (row, lost)).encode()]


def _results() -> Sequence[bytes]:
    row = {"t_s": 2.56, "label": "walking", "score": 0.9, "source": "a"}
    people = [{"box": [1.0, 2, 3, 4], "score": 0.5, "joints": {"nose": [1, 2, 0.5]}}]
    lines = [row, {"frame": 3, "t_s": 0.1, "people": people}]
    return ["".join(json.dumps(line) + "\n" for line in lines).encode()]


TARGETS: Mapping[str, Target] = {
    "recorded-samples": Target(_samples, _blocks, "json"),
    "recorded-frames": Target(_frames, _frame_lines, "json"),
    "recorded-about": Target(_about, lambda: [json.dumps(_FRAMES).encode()], "json"),
    "diff": Target(_diff, _results, "json"),
    "viewer": Target(_viewer, lambda: [b'{"ack": 3}', b"localhost:80"], refuses=False),
}
