"""The page of the person heads: its plan, what is kept, and one network trained and exported."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import Any

import pytest

from edgehuman import catalogue
from edgehuman.bench.cell import Cell, measure_cell
from edgehuman.bench.pages.image import formats as person_formats
from edgehuman.bench.pages.image.formats import (
    STUDENTS,
    PersonFormatsConfig,
    asked_words,
    fine_tuned,
    make_page,
    plan,
    render,
    subjects,
)
from edgehuman.config import resolve
from edgehuman.data.image.set import TASKS
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome


@pytest.fixture
def config(tmp_path: Path) -> PersonFormatsConfig:
    return PersonFormatsConfig(
        out=tmp_path / "page.md", work=tmp_path / "work", only=("vit_tiny pose",)
    )


def done(name: str, format: str, precision: str, *rest: object) -> Cell:
    return Cell(
        name,
        format,
        precision,
        "done",
        parity={"max_abs": 2e-6, "scale": 0.5, "cosine": 0.99995, "joint_shift_px": 1.25},
        bytes=1_500_000,
        latency_ms={"fp32": 3.0, precision: 3.0 if precision == "fp32" else 1.5},
        took_s=12.0,
        cpu_s=8.0,
        float_layers=2 if precision == "int8" else 0,
        metric="mean_oks",
        metric_value=0.25,
        metric_drop=0.5,
    )


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No training and no drawing; the networks that were asked for."""
    asked: list[str] = []

    def fine_tuned(config: PersonFormatsConfig, name: str) -> Path:
        asked.append(name)
        return config.work / name

    monkeypatch.setattr(person_formats, "fine_tuned", fine_tuned)
    monkeypatch.setattr(person_formats, "drawn_people", lambda config: config.work / "people")
    return asked


def test_every_student_has_every_head_in_every_form() -> None:
    whole = PersonFormatsConfig()
    assert subjects(whole) == [f"{arch} {task}" for arch in STUDENTS for task in TASKS]
    assert len(plan(whole)) == 3 * 5 * 4
    assert plan(whole)[:4] == [
        ("vit_tiny reid", "ONNX", "fp32"),
        ("vit_tiny reid", "ONNX", "fp16"),
        ("vit_tiny reid", "ONNX", "int8"),
        ("vit_tiny reid", "TensorRT-RTX", "fp16"),
    ]
    with pytest.raises(
        UsageError,
        match="--only is 'nope', but nothing begins with it; choose from vit_tiny reid, ",
    ):
        PersonFormatsConfig(only=("nope",))
    with pytest.raises(UsageError, match="--engines is fp8"):
        PersonFormatsConfig(engines=("fp8",))
    with pytest.raises(UsageError, match="--minutes is -1"):
        PersonFormatsConfig(minutes=-1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"steps": 0}, "--steps is 0; it must be at least 1"),
        ({"height": 100}, "--height is 100; it must be a multiple of 32, at least 32"),
        ({"width": 0}, "--width is 0; it must be a multiple of 32, at least 32"),
        ({"people": 0}, "--people is 0; it must be at least 5"),
        ({"each": 2}, "--each is 2; it must be at least 3, as reid asks"),
        ({"batch": 6}, "--batch is 6; it must be a multiple of 4, at least 8, as reid asks"),
        ({"batch": 0, "only": ("vit_tiny pose",)}, "--batch is 0; it must be at least 1"),
        ({"seed": -1}, "--seed is -1; it must be at least 0"),
        ({"archs": ()}, "--archs is empty; choose from vit_tiny, "),
        ({"archs": ("nope",)}, "--archs names nope, which is no network of person images; they"),
        ({"archs": ("gaitformer_1",)}, "--archs names gaitformer_1, which is no network of person"),
    ],
)
def test_a_wrong_word_is_refused_before_any_work(words: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        PersonFormatsConfig(**words)
    assert str(refused.value).startswith(said)


def test_the_smallest_that_is_taken_is_taken_by_every_training(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    least = PersonFormatsConfig(steps=1, height=32, width=32, people=5, each=3)
    assert PersonFormatsConfig(batch=1, each=1, only=("vit_tiny pose",)).batch == 1
    for name in subjects(least):
        row = catalogue.TASKS[name.split()[1]]
        words = [*person_formats.training_words(least, name), "--out", str(tmp_path)]
        assert resolve(catalogue.load_object(row.config), words).steps == 1


@pytest.mark.parametrize(
    ("out", "work", "said"),
    [
        ("file/page.md", "work", "file is a file, not a folder"),
        ("folder", "work", "folder is a folder, not a file"),
        ("page.md", "file", "--work: .*file is a file, not a folder"),
    ],
)
def test_places_that_cannot_be_written_are_refused_before_any_work(
    config: PersonFormatsConfig,
    untrained: list[str],
    tmp_path: Path,
    out: str,
    work: str,
    said: str,
) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    wrong = dataclasses.replace(config, out=tmp_path / out, work=tmp_path / work)
    with pytest.raises(UsageError, match=said):
        make_page(wrong, done)
    assert not untrained
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize("other", [{"people": 6}, {"each": 5}])
def test_other_people_train_the_network_anew(
    config: PersonFormatsConfig, other: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    trained_on: list[list[str]] = []
    load_object = catalogue.load_object

    def train(asked: Any) -> Outcome:
        images = Path(asked.data) / "images"
        trained_on.append(sorted(path.name for path in images.rglob("*.png")))
        return Outcome({}, "")

    def loaded(dotted: str) -> Any:
        return train if dotted.endswith(":train") else load_object(dotted)

    pytest.importorskip("torch")
    monkeypatch.setattr(catalogue, "load_object", loaded)
    few = dataclasses.replace(config, people=5, each=4)
    for each in (few, few, dataclasses.replace(few, **other)):
        fine_tuned(each, "vit_tiny pose")
    assert [len(pictures) for pictures in trained_on] == [20, 24 if "people" in other else 25]
    # Fewer people find nothing that the first drawing left.
    fine_tuned(few, "vit_tiny pose")
    assert trained_on[2] == trained_on[0]


def test_the_page_holds_the_words_that_make_it_again() -> None:
    usual = render([], {"torch": "2"}, PersonFormatsConfig())
    command = "    python -m edgehuman.bench.pages.image.formats --out docs/person_formats.md"
    assert usual.splitlines()[2] == command
    assert "up to 32 for FP32 and FP16, up to 128 for INT8" in " ".join(usual.split())
    other = PersonFormatsConfig(
        people=6, height=128, only=("vit_tiny pose", "starnet"), engines=(), work=Path("elsewhere")
    )
    line = render([], {"torch": "2"}, other).splitlines()[2]
    assert line == f"{command} --only 'vit_tiny pose' starnet --engines --height 128 --people 6"
    again = resolve(PersonFormatsConfig, shlex.split(line)[3:])
    assert asked_words(again) == asked_words(other)
    assert dataclasses.replace(again, out=other.out, work=other.work) == other


def test_a_row_holds_the_gate_s_numbers_and_the_task_s(
    config: PersonFormatsConfig, untrained: list[str]
) -> None:
    text = make_page(config, done).text
    assert config.out.read_text() == text
    assert (
        "| vit_tiny pose | ONNX | int8 | passed | 2.0e-06 (0.5) | 0.999950 | "
        "joints moved 1.25 px, 2 layers in float | mean_oks 25.00 (25.50) | 1.50 | 1.50 (3.00) | "
        "2.00 | 12 (8) |"
    ) in text
    assert "ONNX FP32: 1 of 1 passed; ONNX FP16: 1 of 1 passed;" in text
    assert "**simulated** people: it has barely begun, so **no accuracy is claimed**" in text
    assert untrained == ["vit_tiny pose"] * 4


def test_what_a_gate_refuses_is_shown_and_tried_again_and_the_rest_is_kept(
    config: PersonFormatsConfig, untrained: list[str]
) -> None:
    asked: list[tuple[str, str]] = []

    def some(name: str, format: str, precision: str, *rest: object) -> Cell:
        asked.append((format, precision))
        if precision == "int8":
            return Cell(name, format, precision, "refused", "falls by 3.00 points")
        return done(name, format, precision)

    first = make_page(config, some)
    assert first.exit_code == 1
    assert "| vit_tiny pose | ONNX | int8 | refused: falls by 3.00 points |" in first.text
    assert "ONNX INT8: 0 of 1 passed, 1 refused" in first.text
    make_page(config, some)
    assert asked[4:] == [("ONNX", "int8")]
    make_page(dataclasses.replace(config, steps=9), some)
    assert len(asked) == 4 + 1 + 4


def test_what_was_not_reached_is_said_of_the_network_at_once() -> None:
    cells = [
        Cell("a reid", "ONNX", precision, "not run", "the same command goes on here")
        for precision in ("fp32", "fp16")
    ]
    text = render(cells, {"torch": "2"}, PersonFormatsConfig())
    row = next(line for line in text.splitlines() if line.startswith("| a reid |"))
    head = next(line for line in text.splitlines() if line.startswith("| network |"))
    assert row.startswith("| a reid | all | all | not run: the same command goes on here |")
    assert row.count("|") == head.count("|")
    assert "ONNX FP32: 0 of 1 passed, 1 not run" in text


def test_a_network_is_drawn_for_trained_and_exported(
    config: PersonFormatsConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from edgehuman.export.proof import precision
    from tests.nets import tiny_encoder

    monkeypatch.setitem(catalogue.NETWORKS, tiny_encoder.NAME, tiny_encoder.ROW)
    # Two seconds an export, and nothing here asks how fast it is.
    monkeypatch.setattr(precision, "latency_ms", lambda forms, judge, threads: {})
    tiny = dataclasses.replace(
        config,
        archs=(tiny_encoder.NAME,),
        only=("tiny_encoder attributes",),
        steps=2,
        height=64,
        width=32,
        people=5,
        each=4,
    )
    trained: list[Path | None] = []

    def some(name: str, format: str, precision: str, *rest: Any) -> Cell:
        trained.append(rest[-1])
        if (format, precision) == ("ONNX", "fp16"):
            return measure_cell(name, format, precision, *rest)
        return Cell(name, format, precision, "not measured", "it would take long")

    data = make_page(tiny, some).data
    assert isinstance(data, dict)
    half = data["cells"][1]
    assert (half["status"], half["reason"]) == ("done", "")
    assert half["parity"]["label_agreement"] == 1
    assert half["parity"]["cosine"] > 0.999
    assert half["metric"] == "mean_accuracy"
    assert half["bytes"] > 1000
    folder = tiny.work / "tiny_encoder-attributes"
    assert set(trained) == {folder}
    assert (folder / "model.safetensors").is_file()
    assert (tiny.work / "people-5x4-0" / "labels.jsonl").is_file()
