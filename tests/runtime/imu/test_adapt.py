"""One person's recording, end to end: a tiny model that takes their sitting for walking."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import edgehuman
from edgehuman.card import OutputSpec
from edgehuman.cli import main
from edgehuman.runtime.engine.onnx_file import read_card, read_onnx
from tests.runtime.conftest import MakeModel, tiny_card

KNOWN = tiny_card(weights_sha256="1")
UP = {"walking": (1.0, 0.0, 0.0), "sitting": (0.75, 0.66, 0.0), "laying": (0.0, 0.0, 1.0)}
"""What points up while this person does it: they sit so leant back that it looks like walking."""


def write(
    path: Path, seconds: float = 40.0, labels: dict[str, str] | None = None, column: bool = True
) -> Path:
    """A CSV of one stretch of each class, each under its label (or another, or none)."""
    labels = {name: name for name in UP} if labels is None else labels
    rng = np.random.default_rng(0)
    lines, t_s = ["t,ax,ay,az,gx,gy,gz" + (",label" if column else "")], 0.0
    for name, label in labels.items():
        for _ in range(round(seconds * 50)):
            imu_C = rng.normal(0.0, 0.02, 6)
            imu_C[:3] += UP[name]
            values = ",".join(f"{value:.5f}" for value in (t_s, *imu_C))
            lines.append(values + (f",{label}" if column else ""))
            t_s += 0.02
    path.write_text("\n".join(lines) + "\n")
    return path


def adapt(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, dict[str, object]]:
    """The exit code and what --json says."""
    units = ("--accel-unit", "g", "--gyro-unit", "rads", "--json")
    code = main(["adapt", *map(str, words), *units])
    return code, json.loads(capsys.readouterr().out or "{}")


def refused(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    """What is said about a wrong call."""
    assert main(["adapt", *map(str, words)]) != 0
    return capsys.readouterr().err


def test_a_person_whose_sitting_looks_like_walking(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Adapted, the model is right on a new recording; its graph is the same, bit by bit."""
    model, out = make_model(), tmp_path / "anna.onnx"
    code, said = adapt(
        capsys, model, "--data", write(tmp_path / "a.csv"), "--out", out, "--mounting", "fixed"
    )
    assert code == 0
    assert said["changed"]
    assert said["macro_f1_before"] < 0.7  # type: ignore[operator]
    assert said["macro_f1_after"] == 1.0
    assert set(said["windows"]) == set(UP)  # type: ignore[call-overload]
    before, after = (read_onnx(each.read_bytes(), str(each)) for each in (model, out))
    assert after.graph_sha256 == before.graph_sha256
    imu_TC = np.tile(np.array([*UP["sitting"], 0, 0, 0], np.float32), (128, 1))
    given = [edgehuman.load(each).predict(imu_TC[None])[0] for each in (model, out)]
    assert [int(prob_C.argmax()) for prob_C in given] == [0, 1]
    assert read_card(out).metrics[-1].name == "macro_f1_adapted"
    assert main(["run", str(out), "--source", str(write(tmp_path / "b.csv", 10.0)), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    sitting = [row["label"] for row in rows if row["true_label"] == "sitting"]
    assert set(sitting[4:]) == {"sitting"}  # the first windows begin before the sitting
    assert main(["info", str(out)]) == 0
    assert "to one person" in capsys.readouterr().out


def test_an_adapted_model_is_adapted_again(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, first, second = write(tmp_path / "a.csv"), tmp_path / "1.onnx", tmp_path / "2.onnx"
    adapt(capsys, make_model(), "--data", data, "--out", first)
    _, said = adapt(capsys, first, "--data", data, "--out", second)
    assert said["macro_f1_before"] == 1.0
    assert not said["changed"]
    assert second.read_bytes() == first.read_bytes()


def test_a_file_for_each_class(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write(tmp_path / f"{name}.csv", labels={name: name}) for name in UP]
    _, said = adapt(capsys, make_model(), "--data", *files, "--out", tmp_path / "o.onnx")
    assert said["macro_f1_after"] == 1.0


@pytest.mark.parametrize(
    ("labels", "seconds", "why"),
    [
        ({"walking": "sitting", "sitting": "laying", "laying": "walking"}, 40.0, "contradicts"),
        ({"walking": "walking", "laying": "laying"}, 40.0, "no change is better by a point"),
        ({"sitting": "sitting"}, 40.0, "two classes"),
        ({"walking": "walking", "sitting": "sitting"}, 4.0, "two classes"),
    ],
    ids=["all wrong", "all right", "one class", "shorter than a block"],
)
def test_the_model_is_unchanged(
    make_model: MakeModel,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    labels: dict[str, str],
    seconds: float,
    why: str,
) -> None:
    model, out = make_model(KNOWN), tmp_path / "o.onnx"
    data = write(tmp_path / "a.csv", seconds, labels)
    code, said = adapt(capsys, model, "--data", data, "--out", out)
    assert code == 0
    assert not said["changed"]
    assert why in str(said["why_not"])
    assert out.read_bytes() == model.read_bytes()
    words = ["--data", str(data), "--out", str(out)]
    assert main(["adapt", str(model), *words]) == 0
    assert "UNCHANGED" in capsys.readouterr().out
    other = make_model(KNOWN.replace(weights_sha256="2"), name="other.onnx")
    assert main(["adapt", str(other), *words]) == 2
    assert "o.onnx: that file holds other weights of this network" in capsys.readouterr().err


def test_labels_of_another_name(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unknown ones are named with the classes and --map, which names them."""
    labels = {"walking": "gehen", "sitting": "sitzen", "laying": "liegen"}
    call = (make_model(), "--data", write(tmp_path / "a.csv", 30.0, labels), "--out")
    error = refused(capsys, *call, tmp_path / "o.onnx")
    assert "gehen (" in error
    assert "walking, sitting, laying" in error
    assert "--map gehen=walking" in error
    assert not (tmp_path / "o.onnx").exists()
    named = ("--map", "gehen=walking", "sitzen=sitting", "liegen=")
    _, said = adapt(capsys, *call, tmp_path / "o.onnx", *named)
    assert set(said["windows"]) == {"walking", "sitting"}  # type: ignore[call-overload]
    assert said["unknown"] == {}


def test_a_name_that_no_row_has(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A label counts as found however short it is held."""
    data = write(tmp_path / "a.csv", 4.0, {"walking": "walking", "sitting": "gehen"})
    text = data.read_text().replace("gehen", "blink", 3)
    data.write_text(text)
    call = (make_model(), "--data", data, "--out", tmp_path / "o.onnx", "--map")
    error = refused(capsys, *call, "gehn=walking", "blink=")
    assert "no row is labelled gehn; found walking, blink, gehen" in error


def test_rows_that_run_backwards_are_the_cause_that_is_named(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = write(tmp_path / "a.csv", 4.0), tmp_path / "o.onnx"
    header, *lines = data.read_text().splitlines()
    data.write_text("\n".join([header, *lines[::-1]]))
    error = refused(capsys, make_model(), "--data", data, "--out", out)
    assert "a.csv: its rows run backwards in time: 599 of 600 have an earlier stamp" in error
    milli = [f"{round(1000 * float(t))},{row}" for t, row in (line.split(",", 1) for line in lines)]
    data.write_text("\n".join([header, *milli[::-1]]))
    assert "its rows run backwards" in refused(capsys, make_model(), "--data", data, "--out", out)


def test_a_folder_of_complete_recordings_is_each_of_its_files(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, folder, out = make_model(KNOWN), tmp_path / "anna", tmp_path / "o.onnx"
    folder.mkdir()
    files = [write(folder / f"{name}.csv", 20.0, {name: name}) for name in ("walking", "sitting")]
    (folder / "README.txt").write_text("Recorded at home.")
    _, each = adapt(capsys, model, "--data", *files, "--out", out)
    _, said = adapt(capsys, model, "--data", folder, "--out", out)
    assert set(said["windows"]) == {"walking", "sitting"}  # type: ignore[call-overload]
    assert said["windows"] == each["windows"]
    (folder / "b.csv").write_text("t,ax,ay,az\n0,1,0,0\n")
    assert "b.csv" in refused(capsys, model, "--data", folder, "--out", out)


@pytest.mark.parametrize("word", ["a=running", "a=walking|sitting", "a"])
def test_a_wrong_map(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    data, out = write(tmp_path / "a.csv", 4.0), tmp_path / "o.onnx"
    assert "--map" in refused(capsys, make_model(), "--data", data, "--out", out, "--map", word)


def test_a_recording_without_labels(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write(tmp_path / "a.csv", 10.0, column=False)
    error = refused(capsys, make_model(), "--data", data, "--out", tmp_path / "o.onnx")
    assert "column `label`" in error


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("tiny.onnx", "is the file of the model too"),
        ("a.csv.onnx/o.onnx", "is a file, not a folder"),
        ("folder.onnx", "is a folder"),
        ("o.engine", "end in .onnx"),
    ],
)
def test_an_out_that_cannot_be(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str, said: str
) -> None:
    model = make_model()
    content = model.read_bytes()
    (tmp_path / "folder.onnx").mkdir()
    (tmp_path / "a.csv.onnx").touch()
    data = write(tmp_path / "a.csv", 4.0)
    assert said in refused(capsys, model, "--data", data, "--out", tmp_path / out)
    assert model.read_bytes() == content


def test_an_existing_out_is_replaced_whole(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, data = tmp_path / "o.onnx", write(tmp_path / "a.csv")
    adapt(capsys, make_model(KNOWN), "--data", data, "--out", out)
    assert os.name != "posix" or out.stat().st_mode & 0o777 == 0o600  # one person's
    adapt(capsys, make_model(KNOWN), "--data", data, "--out", out)
    assert read_card(out).decision.affine


def test_no_other_file_is_replaced(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, data = tmp_path / "o.onnx", write(tmp_path / "a.csv")
    make_model(tiny_card(name="other"), name="o.onnx")
    other = out.read_bytes()
    for content in (b"my letters", other):
        out.write_bytes(content)
        error = refused(capsys, make_model(), "--data", data, "--out", out)
        assert f"--out {out}: that file h" in error
        assert out.read_bytes() == content


def test_a_model_of_another_task(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = tiny_card(task="gait", output=OutputSpec("embedding", dim=3, distance="cosine"))
    data = write(tmp_path / "a.csv", 4.0)
    error = refused(capsys, make_model(card), "--data", data, "--out", tmp_path / "o.onnx")
    assert "needs the task 'activity'" in error


def test_a_network_without_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write(tmp_path / "a.csv", 4.0)
    error = refused(capsys, "imuconv_288k", "--data", data, "--out", tmp_path / "o.onnx")
    assert "without weights" in error


@pytest.mark.parametrize("place", ["", "folder"])
def test_labels_from_a_file_of_intervals_teach_as_those_of_a_column_do(
    place: str, make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, folder = make_model(), tmp_path / place
    folder.mkdir(exist_ok=True)
    spans = [f"{40 * i},{40 * (i + 1)},{name}" for i, name in enumerate(UP)]
    file = write(folder / "a.csv", column=False)
    (folder / "a.labels.csv").write_text("\n".join(["start,end,label", *spans]) + "\n")
    given = folder if place else file
    code, said = adapt(
        capsys, model, "--data", given, "--out", tmp_path / "a.onnx", "--mounting", "fixed"
    )
    other = adapt(
        capsys, model, "--data", write(tmp_path / "b.csv"), "--out", tmp_path / "b.onnx",
        "--mounting", "fixed",
    )  # fmt: skip
    assert code == 0
    assert said["windows"] == other[1]["windows"]
    assert said["macro_f1_after"] == other[1]["macro_f1_after"] == 1.0


def test_intervals_that_no_row_lies_in_are_told(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "a.csv", 5.0, column=False)
    (tmp_path / "a.labels.csv").write_text("start,end,label\n900,990,walking\n")
    said = refused(capsys, make_model(), "--data", file, "--out", tmp_path / "a.onnx")
    assert "no row lies in its intervals" in said


@pytest.mark.parametrize(("share", "used"), [("0.4", False), ("0.8", True)])
def test_windows_that_lack_too_many_rows_teach_only_if_they_may(
    share: str,
    used: bool,
    make_model: MakeModel,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of each second of the second class two rows in three are lost."""
    header, *lines = write(tmp_path / "a.csv").read_text().splitlines()
    kept = [line for i, line in enumerate(lines) if i < 2000 or i >= 4000 or i % 3 == 0]
    (tmp_path / "a.csv").write_text("\n".join([header, *kept]) + "\n")
    words = ("--data", tmp_path / "a.csv", "--out", tmp_path / "a.onnx", "--missing-share", share)
    _, said = adapt(capsys, make_model(), *words, "--mounting", "fixed")
    windows = said["windows"]
    assert isinstance(windows, dict)
    assert ("sitting" in windows) == used
    assert {"walking", "laying"} <= set(windows)
