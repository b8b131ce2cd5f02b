"""The picture of a pretraining: its examinations, its baselines, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.pages.skeleton import curve as gait_curve
from edgehuman.bench.pages.skeleton.curve import (
    CurveConfig,
    baselines,
    bone_rank1,
    picture_curves,
    read_curve,
)
from edgehuman.errors import CheckpointError, UsageError

MakeRun = Callable[..., Path]
RECORDS = ({"step": 0, "rank1": 0.05}, {"step": 10, "loss": 3.0}, {"step": 20, "rank1": 0.35})


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Writes a folder as a pretraining leaves it."""

    def make(name: str = "a", records: Any = RECORDS, **changes: Any) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        settings = {"method": "contrastive", "arch": "gaitformer_1", "frames": 0, "exam_people": 20}
        text = "".join(f"{k} = {json.dumps(v)}\n" for k, v in {**settings, **changes}.items())
        (folder / "config.toml").write_text(text)
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (folder / "metrics.jsonl").write_text(lines)
        return folder

    return make


@pytest.fixture
def bones(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Examinations that bone lengths sat; they find 60 percent."""
    asked: list[tuple[int, int]] = []

    def rank1(people: int, frames: int) -> float:
        asked.append((people, frames))
        return 0.6

    monkeypatch.setattr(gait_curve, "bone_rank1", rank1)
    return asked


def test_a_curve_is_the_examinations_of_a_run(make_run: MakeRun) -> None:
    curve = read_curve(make_run(), "a")
    assert (curve.name, curve.arch, curve.rank1) == ("a", "gaitformer_1", {0: 0.05, 20: 0.35})
    # The network's own window, unless the run says another.
    assert curve.exam == (20, 32)
    assert read_curve(make_run("b", frames=8), "b").exam == (20, 8)


def test_baselines_are_of_the_same_examination(
    make_run: MakeRun, bones: list[tuple[int, int]]
) -> None:
    later = ({"step": 0, "rank1": 0.15}, {"step": 40, "rank1": 0.5})
    found = baselines([read_curve(make_run(), "a"), read_curve(make_run("b", later), "b")])
    assert found == pytest.approx(
        {"bone lengths alone": 0.6, "random weights": 0.10, "chance": 0.05}
    )
    assert bones == [(20, 32)]
    resumed = read_curve(make_run("c", ({"step": 40, "rank1": 0.5},)), "c")
    assert "random weights" not in baselines([resumed])


@pytest.mark.usefixtures("bones")
def test_the_picture_and_its_numbers(make_run: MakeRun, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "docs" / "curve.png"
    outcome = picture_curves(CurveConfig((make_run(),), out))
    assert out.read_bytes().startswith(b"\x89PNG")
    assert isinstance(outcome.data, dict)
    assert list(outcome.data["rank1_by_step"].values()) == [{"0": 0.05, "20": 0.35}]
    assert outcome.text.splitlines() == [
        f"{out}: zero-shot rank-1 of 20 simulated people never seen, %",
        "a (gaitformer_1): 5.0 at step 0 -> 35.0 at step 20; most 35.0 at step 20",
        "bone lengths alone: 60.0",
        "random weights: 5.0",
        "chance: 5.0",
    ]
    assert json.loads(picture_curves(CurveConfig((tmp_path / "a",), out, True)).text)["simulated"]


def test_bone_lengths_sit_the_examination_of_the_network() -> None:
    pytest.importorskip("torch")
    from edgehuman.pretrain.contrastive.walks import Exam, exam_walks

    walks, exam = exam_walks(4, 8), Exam(4, 8, "cosine")
    assert exam.skeleton_NTJ3.shape == (16, 8, 18, 3)
    assert (exam.skeleton_NTJ3[5].numpy() == walks.sequence(5)).all()
    assert exam.is_probe_N.tolist() == (walks.role_N == "probe").tolist()
    assert bone_rank1(4, 8) in [k / 8 for k in range(9)]


@pytest.mark.parametrize(
    ("records", "changes", "said"),
    [
        ([{"step": 10, "loss": 3.0}], {}, r"no evaluation in metrics.jsonl; .*--exam-people"),
        ([], {}, "no evaluation"),
        ([{"rank1": 0.5}], {}, "damaged .*'step'"),
        (["not a record"], {}, "no evaluation"),
        ([7], {}, "damaged"),
        (RECORDS, {"method": "mae"}, "a training of another kind"),
    ],
)
def test_a_folder_without_examinations_is_refused(
    make_run: MakeRun, records: Any, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(CheckpointError, match=said):
        read_curve(make_run(records=records, **changes), "a")


def test_wrong_words_say_why(
    make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match=r"--out is a\.jpg; its name must end in \.png"):
        CurveConfig((tmp_path,), Path("a.jpg"))
    with pytest.raises(UsageError, match="--run is empty"):
        CurveConfig(())
    pair = (make_run(), make_run("b", exam_people=30))
    with pytest.raises(UsageError, match="a: 20 people, 32 frames; b: 30 people, 32 frames"):
        picture_curves(CurveConfig(pair, tmp_path / "x.png"))
    assert main(CurveConfig, picture_curves, ["--run", str(tmp_path / "none")]) != 0
    assert "none: no metrics.jsonl in it" in capsys.readouterr().err


def test_a_picture_that_could_not_be_written_is_refused_first(
    make_run: MakeRun, tmp_path: Path
) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UsageError, match=r"folder\.png is a folder, not a file"):
        picture_curves(CurveConfig((tmp_path / "none",), tmp_path / "folder.png"))
    run = make_run()
    with pytest.raises(UsageError, match=r"--run names .* twice"):
        picture_curves(CurveConfig((run, run), tmp_path / "x.png"))
