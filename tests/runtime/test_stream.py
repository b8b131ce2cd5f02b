"""`edgehuman.stream`: one door to every record, which knows none of them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgehuman
from edgehuman import catalogue
from edgehuman.catalogue import Record
from edgehuman.errors import UsageError
from edgehuman.records import ImuRecording
from edgehuman.runtime.imu.source import open_source
from edgehuman.runtime.loop.live import LiveStream
from edgehuman.runtime.model import Model
from edgehuman.runtime.skeleton.source import open_poses
from edgehuman.runtime.stream import stream
from tests import leaving
from tests.runtime.conftest import MakeModel, tiny_card
from tests.runtime.image_models import write_image_model
from tests.runtime.listening import ended, free_address, is_free
from tests.runtime.photos import flag, photo

GAIT = {"gallery", "hop_s", "threshold", "realtime", "seconds", "seed"}
WEARABLE = GAIT - {"gallery"} | {"format", "smoothing", "delay_s"}


def test_a_wearable_and_skeletons_are_not_taken_for_each_other(nose: Path, tiny: Path) -> None:
    recording = ImuRecording(np.zeros((500, 6), np.float32), 50.0, "p", source="made")
    with pytest.raises(UsageError, match="reads skeletons, not ImuRecording; give poses"):
        stream(nose, recording)
    with pytest.raises(
        UsageError, match=r"gives PoseBlock, but .* reads the samples of a wearable"
    ):
        stream(tiny, open_poses("simulated"))
    with pytest.raises(UsageError, match=r"gives SampleBlock, but .* reads skeletons"):
        stream(nose, open_source("simulated"))
    with pytest.raises(
        UsageError, match=r"gallery is not an argument for .*tiny\.onnx, .* ImuWindow"
    ):
        stream(tiny, "walk.csv", gallery=nose.with_name("g.npz"))
    for model in (nose, tiny):
        with pytest.raises(UsageError, match="not int; give"):
            stream(model, 3)


@pytest.mark.parametrize("kind", ["gait", "wearable"])
def test_a_stream_that_is_closed_or_refused_gives_its_port_back(
    kind: str, nose: Path, tiny: Path
) -> None:
    model, (host, port) = (nose if kind == "gait" else tiny), free_address()
    spec = f"udp://{host}:{port}"
    with pytest.raises(UsageError, match="threshold is 5"):
        stream(model, spec, threshold=5)
    assert is_free((host, port))
    live = stream(model, spec)
    assert not is_free((host, port))
    live.close()
    assert is_free((host, port))
    assert list(live) == []


@pytest.mark.parametrize("kind", ["gait", "wearable"])
def test_a_silent_port_ends_after_its_seconds(kind: str, nose: Path, tiny: Path) -> None:
    live = stream(nose if kind == "gait" else tiny, "udp://127.0.0.1:0", seconds=0.2)
    assert ended(lambda: list(live)) == []
    assert live.report()["source"]["datagrams"] == 0


def test_photos_come_one_by_one(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "b.png", flag())
    (tmp_path / "photos" / "a.jpg").write_bytes(b"no photo")
    results = edgehuman.stream(write_image_model(tmp_path, "parsing"), tmp_path / "photos")
    broken, good = results
    assert isinstance(good, edgehuman.PhotoResult)
    assert (good.path, good.reason) == (tmp_path / "photos" / "b.png", "")
    assert good.part_HW is not None
    assert good.latency_ms > 0
    assert (broken.photo, broken.part_HW, bool(broken.reason)) == ("a.jpg", None, True)
    report = results.report()
    assert (report["photos"], report["unreadable"]) == (2, 1)
    assert report["latency_ms"]["p50"] > 0


def test_words_for_streams_mean_nothing_to_photos(tmp_path: Path) -> None:
    model = write_image_model(tmp_path, "parsing")
    with pytest.raises(
        UsageError, match=r"hop_s is not an argument for .* PersonCrop records; it takes: det"
    ):
        edgehuman.stream(model, tmp_path, hop_s=1.0)
    with pytest.raises(UsageError, match="reads photos, not int; give a folder"):
        edgehuman.stream(model, 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"format": "x"}, "format is 'x'; give an ImuFormat, or leave it out"),
        ({"smoothing": "x"}, "smoothing is 'x'; give 'none' or"),
        ({"delay_s": "x"}, "delay_s is 'x'; give a number"),
        ({"gallery": 3}, "gallery is 3; give a Gallery, text or a path, or leave it out"),
        ({"hop_s": "a"}, "hop_s is 'a'; give a number, or leave it out"),
        ({"threshold": "x"}, "threshold is 'x'; give a number"),
        ({"seconds": "a"}, "seconds is 'a'; give a number"),
        ({"realtime": 1}, "realtime is 1; give True or False"),
        ({"seed": "x"}, "seed is 'x'; give a whole number"),
    ],
)
def test_an_option_of_the_wrong_kind_is_named_for_every_record(
    words: dict[str, Any], said: str, nose: Path, tiny: Path
) -> None:
    (name,) = words
    models = [path for path, ours in ((nose, GAIT), (tiny, WEARABLE)) if name in ours]
    assert models
    for path in models:
        for model in (path, edgehuman.load(path)):
            with pytest.raises(UsageError, match=f"^{re.escape(said)}"):
                stream(model, "simulated", **words)


@pytest.mark.parametrize("model", [3, None, b"zoo:activity"])
def test_a_model_of_the_wrong_kind_is_named(model: Any) -> None:
    with pytest.raises(UsageError, match=f"^name_or_path is {model!r}; give text or a path$"):
        edgehuman.load(model)
    with pytest.raises(UsageError, match=f"^model is {model!r}; give a Model, text or a path$"):
        edgehuman.stream(model, "simulated")


def open_words(
    model: Model, source: str, *, loud: bool = False, seed: int = 0
) -> LiveStream[tuple[str, int]]:
    """A record of this test alone: the words of a text, one by one."""

    def words() -> Generator[tuple[str, int], None, None]:
        for word in source.split():
            yield (word.upper() if loud else word), seed

    return LiveStream(words(), lambda: {"words": len(source.split())})


def test_a_new_record_is_one_row(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    input = tiny_card().input.__class__("Words", (128, 6), "float32", "", 50.0)
    path = make_model(card=tiny_card(input=input))
    with pytest.raises(UsageError, match="unknown record 'Words'"):
        edgehuman.stream(path, "one two")
    monkeypatch.setitem(sys.modules, __name__, sys.modules[open_words.__module__])
    row = Record("words", stream=f"{__name__}:open_words")
    monkeypatch.setattr(catalogue, "RECORDS", {**catalogue.RECORDS, "Words": row})
    results = edgehuman.stream(path, "one two", loud=True, seed=3)
    assert list(results) == [("ONE", 3), ("TWO", 3)]
    assert results.report() == {"words": 2}
    with pytest.raises(
        UsageError, match=r"it takes: loud, seed\. Leave it out\. Did you mean 'loud'"
    ):
        edgehuman.stream(path, "one two", load=True)


LOADED = """
import json, sys
import edgehuman
results = edgehuman.stream(sys.argv[1], sys.argv[2])
next(results)
results.close()
print(json.dumps([name for name in sys.modules if name.startswith("edgehuman.")]))
"""


@pytest.mark.parametrize("kind", ["imu", "skeleton", "image"])
def test_a_stream_loads_no_other_record(kind: str, tiny: Path, nose: Path, tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "a.png", flag())
    model, source = {
        "imu": (tiny, "simulated"),
        "skeleton": (nose, nose.with_name("door.jsonl")),
        "image": (write_image_model(tmp_path, "parsing"), tmp_path / "photos"),
    }[kind]
    command = [sys.executable, "-c", LOADED, str(model), str(source)]
    done = leaving.run(command, capture_output=True, text=True, check=True)
    loaded = {part for name in json.loads(done.stdout) for part in name.split(".")}
    assert loaded & {"imu", "skeleton", "silhouette", "image"} == {kind}
