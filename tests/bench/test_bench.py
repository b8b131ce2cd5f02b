"""One run to a table, a picture and a page; what was not measured says why."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.bench import bench as report
from edgehuman.bench.bench import BenchConfig, bench
from edgehuman.bench.latency import Footprint
from edgehuman.bench.page import as_markdown
from edgehuman.card import Card, OutputSpec, image_input
from edgehuman.cli import main
from edgehuman.errors import UsageError
from edgehuman.records import WindowSet
from edgehuman.runtime.engine.onnx_file import sealed
from tests.runtime.image_models import write_image_model

MakeModel = Callable[..., Path]
MakeWindows = Callable[..., WindowSet]


@pytest.fixture(autouse=True)
def known_data(monkeypatch: pytest.MonkeyPatch, make_windows: MakeWindows) -> None:
    """Every path is three labelled windows, and no process is started for the memory."""
    windows = make_windows([0, 1, 2], [0, 1, 1], ["a", "b", "b"])
    monkeypatch.setattr("edgehuman.bench.evaluate.imu.load_windows", lambda *words: windows)
    monkeypatch.setattr(report, "footprint", lambda entry: Footprint(12.5, 0.25))
    monkeypatch.setattr(report, "open_meter", lambda: (None, "no counter here"))


def run(*models: Path, **words: Any) -> dict[str, Any]:
    options = {"data": "x.npz", "rounds": 1, **words}
    data = bench(BenchConfig(tuple(map(str, models)), **options)).data
    assert isinstance(data, dict)
    return data


def test_a_row_holds_every_measurement(make_model: MakeModel) -> None:
    [row] = run(make_model())["rows"]
    assert row["latency_ms"].keys() == {"p50", "p95", "p99"}
    p50 = row["latency_ms"]["p50"]
    assert 0 < p50["low"] <= p50["value"] <= p50["high"]
    assert row["memory_mb"] == 12.5
    assert row["file_bytes"] > 0
    assert row["metrics"]["accuracy"] == pytest.approx(2 / 3)
    assert row["calls"] == 20
    assert row["energy_mj"] is None
    assert row["not_measured"] == {"energy": "no counter here"}


def test_what_cannot_take_part_is_a_row_with_a_reason(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda *words: None)
    outcome = bench(BenchConfig((str(make_model()),), "torch,tensorrt", "x.npz", rounds=1))
    assert isinstance(outcome.data, dict)
    reasons = [row["not_measured"]["all"] for row in outcome.data["rows"][1:]]
    assert "PyTorch is not installed" in reasons[0]
    assert "TensorRT is not installed" in reasons[1]
    assert outcome.text.count("not measured: ") == 3  # and energy


def test_a_model_for_other_classes_is_timed_and_not_scored(
    make_model: MakeModel, make_windows: MakeWindows, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_windows([0], [0], labels=("swimming",))
    monkeypatch.setattr("edgehuman.bench.evaluate.imu.load_windows", lambda *words: other)
    [row] = run(make_model())["rows"]
    assert row["metrics"] is None
    assert "swimming" in row["not_measured"]["metrics"]
    assert row["latency_ms"]["p50"]["value"] > 0


def test_sustained_mode(make_model: MakeModel) -> None:
    data = run(make_model(), minutes=0.001)
    long = data["rows"][0]["sustained"]
    assert long["seconds"] > 0
    assert "back to back" in as_markdown(data)
    assert run(make_model())["rows"][0]["sustained"] is None


class Counter:
    """A machine that has used one joule more whenever it is asked."""

    source = "a counter"

    def __init__(self) -> None:
        self.asked = 0
        self.closed = False

    def joules(self) -> float:
        self.asked += 1
        return float(self.asked)

    def close(self) -> None:
        self.closed = True


def test_energy_is_measured_without_being_asked_for_minutes(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter, slept_s, clock = Counter(), list[float](), time.perf_counter
    monkeypatch.setattr(report, "open_meter", lambda: (meter, meter.source))
    monkeypatch.setattr(report, "ENERGY_STRETCH_S", 0.05)
    monkeypatch.setattr(time, "sleep", lambda seconds: slept_s.append(3 * seconds))  # it is busy
    monkeypatch.setattr(time, "perf_counter", lambda: clock() + sum(slept_s))
    data = run(make_model())
    [row] = data["rows"]
    assert data["settings"]["minutes"] == 0
    assert 0 < data["machine"]["idle_w"] < 1 / 0.15  # one joule in the time that it really waited
    assert row["energy_mj"] > 0
    assert row["not_measured"] == {}
    assert row["sustained"] is None  # nobody asked for the heat of minutes
    assert meter.closed


def test_four_files_are_written(make_model: MakeModel, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    data = run(make_model(), out=tmp_path / "new")
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {"bench.json", "bench.md", "bench.html", "bench.png"}
    assert json.loads((tmp_path / "new/bench.json").read_text()) == json.loads(json.dumps(data))
    assert (tmp_path / "new/bench.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_that_cannot_be_written_is_refused_before_measuring(
    make_model: MakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr(report, "measure", None)
    with pytest.raises(UsageError, match=r"--out: .*file is a file"):
        run(make_model(), out=tmp_path / "file" / "below")


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ({"models": ()}, "no model given"),
        ({"threads": 0}, "threads is 0"),
        ({"batch": 0}, "batch is 0"),
        ({"rounds": 0}, "rounds is 0"),
        ({"minutes": -1.0}, "minutes is -1.0"),
    ],
)
def test_a_value_outside_its_range_is_refused(words: dict[str, Any], rule: str) -> None:
    with pytest.raises(UsageError, match=rule):
        BenchConfig(**{"models": ("x",), **words})


def test_results_on_stdout_and_progress_on_stderr(
    make_model: MakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bench", str(make_model()), "--data", "x.npz", "--rounds", "1", "--json"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["rows"]
    assert "timing 1 contestants" in said.err
    assert main(["bench", "x.onnx", "--against", "timm"]) == 2
    assert main(["bench", "nowhere.onnx"]) == 1


def person_model(folder: Path) -> Path:
    """A StarNet of a few channels as an artefact that takes pictures of 64x32."""
    torch = pytest.importorskip("torch")
    from edgehuman.export.graph.trace import to_onnx
    from edgehuman.nets.image.starnet import StarNet

    torch.manual_seed(0)
    network = StarNet(8, (1, 1, 1, 1)).eval()
    output = OutputSpec("embedding", distance="cosine", dim=network.width)
    card = Card("p", "person-embedding", "starnet_s3", 1, 1, image_input(64, 32), output)
    path = folder / "person.onnx"
    path.write_bytes(sealed(to_onnx(network, card).SerializeToString()))
    return path


@pytest.mark.slow
def test_a_model_of_pictures_is_timed_on_pictures(tmp_path: Path, make_model: MakeModel) -> None:
    model = person_model(tmp_path)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(3):
        cv2.imwrite(str(pictures / f"{number}.png"), np.full((70, 40, 3), number, np.uint8))
    data = run(model, data=str(pictures))
    [row] = data["rows"]
    assert row["latency_ms"]["p50"]["value"] > 0
    assert "p has no head to score; fine-tune it first" in row["not_measured"]["metrics"]
    assert data["settings"]["timed_records"] == 3
    assert "3 pictures of pictures, batch 1" in as_markdown(data)
    with pytest.raises(UsageError, match=r"take ImuWindow .* and PersonCrop \(64, 32, 3\)"):
        bench(BenchConfig((str(model), str(make_model())), data="x.npz"))
    with pytest.raises(UsageError, match="--dataset is not for "):
        bench(BenchConfig((str(model),), data=str(pictures), dataset="uci_har"))


def test_a_model_of_a_task_on_people_is_scored_by_its_labels(tmp_path: Path) -> None:
    people, model = tmp_path / "people", write_image_model(tmp_path, "attributes")
    people.mkdir()
    for name, level in (("a", 0), ("b", 200)):
        cv2.imwrite(str(people / f"{name}.png"), np.full((32, 16, 3), level, np.uint8))
    labels = [
        {"image": "a.png", "role": "test", "attributes": {"reddish": 0, "bluish": 0}},
        {"image": "b.png", "role": "test", "attributes": {"reddish": 1, "bluish": 0}},
    ]
    (people / "labels.jsonl").write_text("\n".join(map(json.dumps, labels)))
    other = write_image_model(tmp_path, "parsing")
    data = run(model, other, data=str(people))
    first, second = data["rows"]
    # Grey of 0 is a plain no, of 200 a plain yes: "bluish" is wrong for the second.
    assert first["metrics"]["mean_accuracy"] == pytest.approx((1 + 0.25) / 2)
    assert second["not_measured"]["metrics"] == (
        "the model is for parsing, but this table scores attributes"
    )
    table = as_markdown(data)
    assert "| mA |" in table
    assert "| 0.6250 |" in table
