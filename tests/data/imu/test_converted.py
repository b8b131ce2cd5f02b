"""Published layouts as one compact file: the same records, and errors of damaged files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman import catalogue
from edgehuman.cli import main
from edgehuman.data.imu.load import load_recordings, load_windows, recognise
from edgehuman.errors import DataError
from tests.data.conftest import Tree

MADE = [*catalogue.datasets_of("imu")]
MADE = [name for name in MADE if name not in ("gait10", "geotec")]  # no reader of an archive


@pytest.fixture
def converted(tree: Tree, tmp_path: Path) -> tuple[Path, Path]:
    """A published tree of USC-HAD, and its compact file."""
    return convert("usc_had", tree, tmp_path)


def convert(dataset: str, tree: Tree, folder: Path) -> tuple[Path, Path]:
    published, out = tree(dataset), folder / "compact.npz"
    assert main(["data", "convert", str(published), "--out", str(out), "--json"]) == 0
    return published, out


@pytest.mark.parametrize("dataset", MADE)
def test_the_compact_file_gives_the_same_windows(
    dataset: str, tree: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published, out = convert(dataset, tree, tmp_path)
    said = json.loads(capsys.readouterr().out)
    whole, compact = load_windows(published), load_windows(out)
    assert (said["dataset"], recognise(out)) == (dataset, dataset)
    assert said["people"] == len(set(whole.subject_N.tolist()))
    assert compact.labels == whole.labels
    assert compact.dataset == whole.dataset
    np.testing.assert_allclose(compact.imu_NTC, whole.imu_NTC, rtol=0, atol=1e-5)
    for name in ("label_N", "subject_N", "is_test_N"):
        np.testing.assert_array_equal(getattr(compact, name), getattr(whole, name))


@pytest.mark.parametrize("dataset", [name for name in MADE if name != "uci_har"])
def test_the_compact_file_gives_the_same_recordings(
    dataset: str, tree: Tree, tmp_path: Path
) -> None:
    published, out = convert(dataset, tree, tmp_path)
    whole, compact = load_recordings(published), load_recordings(out)
    assert len(whole) == len(compact) > 0
    for one, other in zip(whole, compact, strict=True):
        assert (one.subject, one.source, one.labels) == (other.subject, other.source, other.labels)
        np.testing.assert_allclose(one.imu_TC, other.imu_TC, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(one.label_T, other.label_T)


def test_data_check_knows_the_compact_file(
    converted: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["data", "check", str(converted[1]), "--json"]) in (0, 1)
    assert json.loads(capsys.readouterr().out)["dataset"] == "usc_had"


def edit(path: Path, **changes: NDArray[Any]) -> None:
    with np.load(path) as archive:
        fields = {name: archive[name] for name in archive.files}
    np.savez(path, **{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"about": np.array("{")}, "`about` is damaged"),
        ({"about": np.array('{"version": 1}')}, "`about` is damaged"),
        (
            {"about": np.array('{"dataset": "usc_had", "version": 2, "recordings": []}')},
            "compact format 2, and this edgehuman reads up to 1",
        ),
        (
            {"about": np.array('{"dataset": "usc_had", "version": 1, "recordings": []}')},
            "0 recordings are described",
        ),
        ({"length": np.array([3], np.int64)}, "`length` adds up to 3 rows"),
    ],
)
def test_a_damaged_file_says_what_is_wrong(
    converted: tuple[Path, Path], changes: dict[str, NDArray[Any]], message: str
) -> None:
    edit(converted[1], **changes)
    with pytest.raises(DataError, match=message):
        load_windows(converted[1])


def test_a_file_that_was_cut_short(converted: tuple[Path, Path]) -> None:
    converted[1].write_bytes(converted[1].read_bytes()[:-100])
    with pytest.raises(DataError, match="copy"):
        load_windows(converted[1])


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["nowhere", "--out", "x.npz"], 1, "nowhere"),
        (["TREE", "--out", "x.csv"], 2, "give a file that ends in .npz"),
        (["TREE", "--out", "file/x.npz"], 2, "is a file, not a folder"),
        (["TREE", "--out", "x.npz", "--dataset", "pamap2"], 1, "looks like 'usc_had'"),
    ],
)
def test_wrong_words_write_nothing(
    words: list[str],
    code: int,
    message: str,
    tree: Tree,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    published = tree("usc_had")
    (tmp_path / "file").write_text("mine")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    given = [str(published) if word == "TREE" else word for word in words]
    assert main(["data", "convert", *given]) == code
    assert message in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_an_old_file_survives_a_conversion_that_fails(
    converted: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    published, out = converted
    before = out.read_bytes()
    next(published.rglob("*.mat")).write_bytes(b"no MATLAB")
    assert main(["data", "convert", str(published), "--out", str(out)]) == 1
    assert out.read_bytes() == before


def test_the_compact_file_is_not_converted_onto_itself(converted: tuple[Path, Path]) -> None:
    before = converted[1].read_bytes()
    assert main(["data", "convert", str(converted[1]), "--out", str(converted[1])]) == 2
    assert converted[1].read_bytes() == before


def test_a_dataset_is_looked_for_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["data", "convert", str(tmp_path / "empty"), "--out", str(tmp_path / "x.npz")]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("  ")]
    assert len(lines) == len(set(lines)) > 0


def test_windows_of_nan_are_counted_and_neither_read_nor_converted(
    tree: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out = convert("uci_har", tree, tmp_path)
    fields = dict(np.load(out, allow_pickle=False))
    fields["window"][[0, 2], 5, 1] = [np.nan, np.inf]
    np.savez(out, **fields)
    with pytest.raises(DataError, match=r"compact\.npz: 2 of \d+ windows hold 2 values that are"):
        load_windows(out)
    capsys.readouterr()
    assert main(["data", "convert", str(out), "--out", str(tmp_path / "again.npz")]) == 1
    assert "2 of" in capsys.readouterr().err
    assert not (tmp_path / "again.npz").exists()
