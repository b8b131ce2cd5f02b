"""Scores of a model that can be computed by hand, and every way to point it at the wrong thing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.evaluate.imu import (
    EvaluateConfig,
    evaluate,
    joined_logits,
    load_split,
    require_activity,
    score,
    to_model_labels,
)
from edgehuman.card import InputSpec, OutputSpec
from edgehuman.cli import main
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.records import WindowSet
from edgehuman.runtime.model import load

MakeModel = Callable[..., Path]
MakeWindows = Callable[..., WindowSet]


@pytest.fixture
def as_data(monkeypatch: pytest.MonkeyPatch) -> Callable[[WindowSet], None]:
    """Makes every path the given windows."""

    def replace(windows: WindowSet) -> None:
        monkeypatch.setattr(
            "edgehuman.bench.evaluate.imu.load_windows", lambda path, dataset, hop, format: windows
        )

    return replace


def test_scores_by_hand(make_model: MakeModel, make_windows: MakeWindows) -> None:
    # The model says 0 0 1 2 2; the truth is 0 0 0 2 1.
    windows = make_windows([0, 0, 1, 2, 2], [0, 0, 0, 2, 1], ["a", "a", "b", "b", "b"])
    scores = score(load(make_model()), windows, "toy")
    assert scores.counts_CC.tolist() == [[2, 1, 0], [0, 0, 1], [0, 0, 1]]
    assert scores.metrics["accuracy"] == pytest.approx(3 / 5)
    assert scores.metrics["macro_f1"] == pytest.approx((4 / 5 + 0 + 2 / 3) / 3)
    assert (scores.windows, scores.people, scores.left_out) == (5, 2, {})
    assert scores.per_class_f1 == pytest.approx({"walking": 0.8, "sitting": 0, "standing": 2 / 3})
    low, high = scores.intervals["accuracy"]
    assert (low, high) == pytest.approx((1 / 3, 1))  # b b and a a


def test_the_temperature_of_the_card_is_used(
    make_model: MakeModel, make_windows: MakeWindows
) -> None:
    # At m = 1 the logits are 0, 1, 0; divided by 0.5: 0, 2, 0.
    scores = score(load(make_model()), make_windows([1], [1]), "toy")
    confidence = np.exp(2) / (np.exp(2) + 2)
    assert scores.metrics["ece"] == pytest.approx(1 - confidence, abs=1e-6)
    assert scores.metrics["nll"] == pytest.approx(-np.log(confidence), abs=1e-6)


def test_batches_do_not_change_the_scores(make_model: MakeModel, make_windows: MakeWindows) -> None:
    windows = make_windows([0, 1, 2, 1, 0], [0, 1, 2, 2, 0])
    model = load(make_model())
    one, all_at_once = (score(model, windows, "toy", batch=batch) for batch in (2, 99))
    assert one.metrics == pytest.approx(all_at_once.metrics)


def test_one_person_gives_no_interval(make_model: MakeModel, make_windows: MakeWindows) -> None:
    assert score(load(make_model()), make_windows([0, 1], [0, 1]), "toy").intervals == {}


def test_labels_are_matched_by_name_and_not_by_place(make_windows: MakeWindows) -> None:
    windows = make_windows([0, 0, 0], [0, 1, -1], labels=("standing", "walking"))
    chosen, label, left_out = to_model_labels(windows, ("walking", "sitting", "standing"), "toy")
    assert label.tolist() == [2, 0]
    assert len(chosen) == 2
    assert left_out == {"unlabelled": 1}


def test_a_class_that_the_model_does_not_know_is_an_error_unless_it_is_waived(
    make_windows: MakeWindows,
) -> None:
    windows = make_windows([0, 0, 0], [0, 1, 1], labels=("walking", "jogging", "never_seen"))
    known = ("walking", "sitting")
    with pytest.raises(
        DataError, match=r"toy holds jogging, which.*walking, sitting.*--shared-labels"
    ):
        to_model_labels(windows, known, "toy")
    chosen, label, left_out = to_model_labels(windows, known, "toy", shared_only=True)
    assert (len(chosen), label.tolist(), left_out) == (1, [0], {"jogging": 2})


def test_nothing_in_common_is_an_error_in_any_case(make_windows: MakeWindows) -> None:
    windows = make_windows([0], [0], labels=("swimming",))
    with pytest.raises(DataError, match=r"swimming.*give another dataset"):
        to_model_labels(windows, ("walking",), "toy", shared_only=True)
    with pytest.raises(DataError, match="no label at all"):
        to_model_labels(make_windows([0], [-1]), ("walking",), "toy")


def test_the_part_is_chosen(
    make_windows: MakeWindows, as_data: Callable[[WindowSet], None]
) -> None:
    test = make_windows([0, 0], [0, 1])
    as_data(test)
    assert len(load_split("x.npz", None, "test")) == 2
    assert len(load_split("x.npz", None, "all")) == 2
    with pytest.raises(DataError, match=r"x\.npz: none of its 2 windows is in the train split"):
        load_split("x.npz", None, "train")


def test_simulated_data_is_no_named_dataset() -> None:
    with pytest.raises(
        UsageError, match="uci_har needs --data PATH; simulated data is not a dataset"
    ):
        load_split("simulated", "uci_har", "test")


def test_a_picture_takes_the_place_of_no_model(make_model: MakeModel) -> None:
    pytest.importorskip("matplotlib")
    path = make_model()
    before = path.read_bytes()
    with pytest.raises(UsageError, match="is the file of the model too; choose another path"):
        evaluate(EvaluateConfig(str(path), "x.npz", picture=path))
    assert path.read_bytes() == before


def test_the_outcome_is_one_object(
    make_model: MakeModel,
    make_windows: MakeWindows,
    as_data: Callable[[WindowSet], None],
    tmp_path: Path,
) -> None:
    pytest.importorskip("matplotlib")
    as_data(make_windows([0, 1, 2], [0, 1, 1], ["a", "b", "b"]))
    picture = tmp_path / "confusion.png"
    outcome = evaluate(EvaluateConfig(str(make_model()), "x.npz", picture=picture))
    assert isinstance(outcome.data, dict)
    data = json.loads(json.dumps(outcome.data))
    assert data["metrics"]["accuracy"] == pytest.approx(2 / 3)
    assert data["confusion"] == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert data["per_class_f1"]["standing"] == 0.0
    assert (data["windows"], data["people"], data["simulated"]) == (3, 2, False)
    assert not data["random_weights"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "3 windows of 2 people" in outcome.text
    assert "macro_f1" in outcome.text


def test_simulated_data_is_called_simulated(
    make_model: MakeModel, make_windows: MakeWindows, as_data: Callable[[WindowSet], None]
) -> None:
    as_data(make_windows([0, 1], [0, 1]))
    outcome = evaluate(EvaluateConfig(str(make_model())))
    assert isinstance(outcome.data, dict)
    assert outcome.data["simulated"]
    assert "SIMULATED" in outcome.text


@pytest.mark.parametrize(
    "changes",
    [
        {"output": OutputSpec("embedding", distance="cosine", dim=3), "task": "gait"},
        {"input": InputSpec("SkeletonSequence", (128, 6), "float32", "pixels", 30.0)},
    ],
)
def test_a_model_for_another_task_is_refused(
    make_model: MakeModel, changes: dict[str, object]
) -> None:
    with pytest.raises(ArtefactError, match="scores ImuWindow to classes"):
        require_activity(load(make_model(**changes)))


@pytest.mark.parametrize("name", ["hop", "batch", "threads"])
def test_a_number_under_one_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is 0; it must be at least 1"):
        EvaluateConfig("x", **{name: 0})  # type: ignore[arg-type]


def test_from_the_command_line_what_is_missing_is_one_line(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(make_model()), "--data", str(tmp_path / "nowhere.npz")]) == 1
    assert main(["evaluate", str(tmp_path / "nowhere.onnx"), "--data", "x"]) == 1
    assert main(["evaluate", "zoo:activty"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 3
    assert "nowhere.npz: no such file" in said.err
    assert "nowhere.onnx: no such file" in said.err
    assert "unknown model 'zoo:activty'" in said.err


def test_real_recordings_are_scored(
    make_model: MakeModel, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", str(make_model()), "--data", str(shared_data / "uci_har.npz")]
    assert main([*words, "--json"]) == 1
    assert "which the model does not know" in capsys.readouterr().err
    assert main([*words, "--json", "--shared-labels"]) == 0
    data = json.loads(capsys.readouterr().out)
    # 2,947 test windows in all, of which 496 + 491 + 532 are walking, sitting or standing.
    assert data["windows"] == 496 + 491 + 532
    assert data["left_out"] == {"walking_upstairs": 471, "walking_downstairs": 420, "laying": 537}
    assert data["people"] == 9


def test_names_are_mapped_on_both_sides_and_merged(
    make_model: MakeModel, make_windows: MakeWindows
) -> None:
    # The model knows walking, sitting, standing; both of the last two are "still" here.
    windows = make_windows([0, 1, 2, 2], [0, 1, 1, 2], labels=("stroll", "still", "jumping"))
    naming = {"stroll": ("walking",), "sitting": ("still",), "standing": ("still",), "jumping": ()}
    scores = score(load(make_model()), windows, "toy", naming=naming)
    assert scores.labels == ("walking", "still")
    assert scores.counts_CC.tolist() == [[1, 0], [0, 2]]
    assert scores.metrics["macro_f1"] == 1.0


def test_a_name_that_neither_side_has_is_refused(
    make_model: MakeModel,
    make_windows: MakeWindows,
    as_data: Callable[[WindowSet], None],
    tmp_path: Path,
) -> None:
    as_data(make_windows([0, 1], [0, 1]))
    config = EvaluateConfig(str(make_model()), data=str(tmp_path), split="all", map=("stroll=a",))
    with pytest.raises(DataError, match="no row is labelled stroll; found walking, sitting"):
        evaluate(config)


def test_macro_f1_over_the_scored_classes_leaves_out_those_without_windows(
    make_model: MakeModel, make_windows: MakeWindows
) -> None:
    windows = make_windows([0, 0, 1, 2], [0, 0, 1, 1], ["a", "a", "b", "b"])
    model = load(make_model())
    everything, scored = (score(model, windows, "toy", scored=flag) for flag in (False, True))
    assert everything.metrics["macro_f1"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert scored.metrics["macro_f1"] == pytest.approx((1 + 2 / 3) / 2)


def test_the_probability_of_merged_classes_is_their_sum() -> None:
    logits_NC = np.log(np.array([[0.4, 0.3, 0.3]], np.float32))
    merged_NC = joined_logits(logits_NC, np.array([0, 1, 1]), temperature=1.0)
    assert np.exp(merged_NC)[0].tolist() == pytest.approx([0.4, 0.6])


def test_a_class_of_several_names_cannot_be_scored() -> None:
    with pytest.raises(UsageError, match=r"--map stairs=up\|down: a score needs one name"):
        EvaluateConfig("x", map=("stairs=up|down",))
