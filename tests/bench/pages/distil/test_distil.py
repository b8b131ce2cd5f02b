"""The page of distillation: what is trained, kept, tabulated and drawn; the trainings are made."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman import catalogue
from edgehuman.bench.pages.distil import distil as page_module
from edgehuman.bench.pages.distil.distil import DistilPageConfig, build_page
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome


def outcome(metric: float, qat: bool, ms: float = 1.0) -> dict[str, Any]:
    """A comparison whose student reaches a metric."""

    def row(value: float, **facts: Any) -> dict[str, Any]:
        return {"metrics": {"macro_f1": value}, "ms": ms, **facts}

    forms = {"student": row(metric, params=10, mb=1.0), "int8": row(metric - 0.01, mb=0.25)}
    if qat:
        forms["calibrated"] = row(metric - 0.02, mb=0.25)
    return {
        "metric": "macro_f1",
        "teacher": row(0.9, params=1000),
        **forms,
        "agreement": {form: {"top1": metric} for form in forms},
        "metric_drops": dict.fromkeys(forms, 0.0),
    }


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Trainings and comparisons that take no time; what was run, in order."""
    run: list[str] = []
    original = catalogue.load_object

    def load_object(path: str) -> Any:
        if not path.endswith(":train"):
            return original(path)

        def train(config: Any) -> Outcome:
            run.append(config.out.name)
            config.out.mkdir(parents=True, exist_ok=True)
            return Outcome({}, "")

        return train

    def distil(config: Any) -> Outcome:
        run.append(config.out.name)
        return Outcome(outcome(0.8 + config.seed / 100, bool(config.qat_steps)), "")

    def compared_with(config: Any) -> Outcome:
        run.append(f"{config.out.name} compared")
        return Outcome(outcome(0.7, qat=False), "")

    monkeypatch.setattr(catalogue, "load_object", load_object)
    monkeypatch.setattr("edgehuman.distill.distill.distil", distil)
    monkeypatch.setattr("edgehuman.distill.distill.compared_with", compared_with)
    return run


def test_every_row_has_its_seeds_and_finished_ones_are_kept(
    made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "draw", lambda *given: None)
    config = DistilPageConfig(pair="wisdm", data=tmp_path, out=tmp_path / "out", seeds=(0, 1))
    found = build_page(config)
    teachers = [f"imuconv_4m-{seed}" for seed in range(3)]
    assert made == [
        "imuconv_288k-0", *teachers, "imuconv_288k-0 compared", "logits-0", "imuconv_288k-1",
        "imuconv_288k-1 compared", "logits-1",
    ]  # fmt: skip
    made.clear()
    assert build_page(config).text == found.text
    assert made == []
    lines = found.text.splitlines()
    assert lines[0] == "| | macro_f1 | top1 | parameters | MB | ms |"
    rows = dict(line[2:].split(" | ", 1) for line in lines[2:] if line.startswith("| "))
    assert rows["teacher"].startswith("90.0 | - | 1,000 | - | 1.000")
    assert rows["student alone"].startswith("70.0 ± 0.0 | 70.0 ± 0.0 | 10 | 1.00")
    assert rows["distilled: logits"].startswith("80.5 ± 0.7 | 80.5 ± 0.7 | 10 | 1.00")
    assert rows["distilled: logits + INT8"].startswith("78.5 ± 0.7")
    assert rows["distilled: logits + QAT"].startswith("79.5 ± 0.7")
    table = json.loads((tmp_path / "out" / "wisdm" / "table.json").read_text())
    assert table["models"]["student alone"][0]["metrics"] == {"macro_f1": 0.7}
    assert "3 x imuconv_4m, 600 steps" in found.text
    assert "SIMULATED" not in found.text


def test_files_of_other_steps_do_not_stop_a_row(
    made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "draw", lambda *given: None)
    config = DistilPageConfig(pair="wisdm", data=tmp_path, out=tmp_path / "out", seeds=(0,))
    build_page(config)
    left = tmp_path / "out" / "wisdm" / "logits-0" / "int8.onnx"
    left.write_bytes(b"of 600 steps")
    made.clear()
    build_page(dataclasses.replace(config, steps=900))
    assert "logits-0" in made
    assert not left.exists()


@pytest.mark.usefixtures("made")
def test_the_picture_has_a_point_for_every_model(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    config = DistilPageConfig(pair="joints", out=tmp_path / "out", seeds=(0,))
    found = build_page(config).text
    assert "SIMULATED people. Simulated walkers" in found
    assert "Percent, one seed of the student" in found
    picture = (tmp_path / "out" / "joints" / "latency.png").read_bytes()
    assert picture.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("changes", "said"), [({"seeds": ()}, "--seeds"), ({"steps": 0}, "--steps is 0")]
)
def test_values_out_of_range_are_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        DistilPageConfig(**changes)


def test_other_networks_and_chosen_rows_have_a_folder_of_their_own(
    made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "draw", lambda *given: None)
    words: dict[str, Any] = {"data": tmp_path, "out": tmp_path / "out", "seeds": (0,)}
    build_page(DistilPageConfig(pair="garments", student="tinyvit_11m", ways=("alone",), **words))
    assert made == ["tinyvit_11m-0", "tinyvit_11m-0 compared"]
    assert (tmp_path / "out" / "garments-tinyvit_11m" / "table.json").is_file()
    made.clear()
    other = DistilPageConfig(
        pair="garments", teacher="tinyvit_5m", student="starnet_s3", steps=7, **words
    )
    build_page(other)
    # The teacher is trained first, for as many steps as its student if nothing else is said.
    assert made == [
        "starnet_s3-0",
        "tinyvit_5m-0",
        "starnet_s3-0 compared",
        "pixels_and_channels-0",
    ]
    folder = tmp_path / "out" / "garments-tinyvit_5m-starnet_s3"
    assert (folder / "tinyvit_5m-0" / "asked.txt").is_file()


def test_the_pair_into_the_teachers_space_trains_nobody_alone(
    made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "draw", lambda *given: None)
    text = build_page(DistilPageConfig(pair="compatible", out=tmp_path, seeds=(0,))).text
    assert made == ["features-0", "then_no_joints_lost-0", "then_no_joints_lost_longer-0"]
    assert "15000 steps of 64 in every row; then no joints lost: 2500 more, after features" in text
    # What goes on from a training runs again if that one does.
    made.clear()
    (tmp_path / "compatible" / "features-0" / "asked.txt").write_text("other words")
    build_page(DistilPageConfig(pair="compatible", out=tmp_path, seeds=(0,)))
    assert made == ["features-0"]
    (tmp_path / "compatible" / "features-0" / "asked.txt").write_text("others still")
    ways = ("then no joints lost",)
    build_page(DistilPageConfig(pair="compatible", out=tmp_path, seeds=(0,), ways=ways))
    assert made == ["features-0", "then_no_joints_lost-0"]


def test_a_way_that_the_pair_does_not_have_is_refused() -> None:
    said = r"ways is \('logit',\); it must be of alone, logits"
    with pytest.raises(UsageError, match=said):
        DistilPageConfig(pair="wisdm", ways=("logit",))
