"""Points as cells: seeds together, the best learning rate, what is left out, what is refused."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from edgehuman.bench.fits.study import Study, family_of, study_of
from edgehuman.bench.scale.points import Point, read_table, write_points
from edgehuman.errors import DataError, UsageError


def _study(folder: Path, points: list[Point], **words: object) -> Study:
    write_points(folder / "points.csv", points)
    return study_of(read_table(folder / "points.csv"), **words)  # type: ignore[arg-type]


def _text(folder: Path, text: str) -> Study:
    (folder / "mine.csv").write_text(text, encoding="utf-8")
    return study_of(read_table(folder / "mine.csv"))


def _point(name: str, loss: float, **more: object) -> Point:
    return dataclasses.replace(
        Point(name, arch="imuvit_512x5", share=0.5, seed=0, lr=1e-3, items=100.0, loss=loss),
        **more,  # type: ignore[arg-type]
    )


def test_seeds_are_averaged_in_logs_and_their_noise_is_known(tmp_path: Path) -> None:
    study = _study(tmp_path, [_point("a", 0.1), _point("b", 0.4, seed=1, items=400.0)])
    (cell,) = study.cells
    assert cell.value == pytest.approx(0.2)  # the geometric mean
    assert cell.seeds == 2
    assert cell.amounts["items"] == pytest.approx(200.0)
    assert study.noise == pytest.approx(math.log(2.0) * math.sqrt(2.0))
    assert cell.held["family"] == "imuvit"


def test_the_best_learning_rate_of_a_cell_counts(tmp_path: Path) -> None:
    points = [
        _point("a", 0.30),
        _point("b", 0.32, seed=1),
        _point("c", 0.20, lr=1e-4),
        _point("d", 0.22, lr=1e-4, seed=1),
        _point("e", 0.01, lr=1e-5),  # the lowest of all, but of one seed
    ]
    study = _study(tmp_path, points)
    (cell,) = study.cells
    assert cell.lr == 1e-4
    assert cell.rates == 3
    assert "the one with the lowest loss counts" in study.notes[0]


def test_of_a_metric_the_highest_learning_rate_counts(tmp_path: Path) -> None:
    points = [
        _point("a", 0.3, metrics={"f1": 0.7}, trials={"f1": 50}),
        _point("b", 0.2, metrics={"f1": 0.6}, trials={"f1": 50}, lr=1e-4),
    ]
    study = _study(tmp_path, points, metric="f1")
    assert study.kind == "share"
    assert (study.cells[0].value, study.cells[0].trials) == (0.7, 50.0)


def test_cells_that_differ_in_steps_alone_are_two(tmp_path: Path) -> None:
    points = [_point("a", 0.3, steps=100), _point("b", 0.2, steps=200)]
    assert len(_study(tmp_path, points).cells) == 2
    # but not where people drawn anew by every seed make other numbers of steps
    points = [_point("a", 0.3, steps=100), _point("b", 0.2, steps=110, seed=1)]
    assert len(_study(tmp_path, points).cells) == 1


def test_what_did_not_end_is_left_out_and_said(tmp_path: Path) -> None:
    points = [
        _point("a", 0.3),
        dataclasses.replace(_point("b", 0.3, items=200.0), loss=None, status="diverged"),
        dataclasses.replace(_point("c", 0.3, items=300.0), loss=None),
    ]
    study = _study(tmp_path, points)
    assert len(study.cells) == 1
    assert study.excluded == ("b: diverged", "c: no loss")


def test_mixed_protocols_are_refused_naming_both(tmp_path: Path) -> None:
    points = [_point("a", 0.3, protocol="abc"), _point("b", 0.2, protocol="xyz", seed=1)]
    with pytest.raises(DataError, match=r"lines 2 and 3 have the protocols 'abc' and 'xyz'"):
        _study(tmp_path, points)
    # Two methods are never in one fit.
    points = [_point("a", 0.3, protocol="abc"), _point("b", 0.2, protocol="xyz", method="saip")]
    assert len(_study(tmp_path, points).cells) == 2


def test_points_of_a_trunk_count_once_unless_asked(tmp_path: Path) -> None:
    points = [
        _point("a", 0.3, trunk="t", share=0.25, samples=100),
        _point("b", 0.2, trunk="t", samples=200),
        _point("c", 0.1, share=1.0),
    ]
    study = _study(tmp_path, points)
    assert [cell.name for cell in study.cells] == ["b", "c"]
    assert study.excluded == ("a: of trunk t, which counts once",)
    assert "are dependent" in study.notes[0]
    study = _study(tmp_path, points, dependent="all")
    assert len(study.cells) == 3
    assert "intervals too narrow" in study.notes[0]


def test_the_tables_of_users(tmp_path: Path) -> None:
    study = _text(tmp_path, "X,y,group\n1,2,a\n1,8,a\n2,3,b\n")
    assert [(cell.value, cell.seeds) for cell in study.cells] == [(pytest.approx(4.0), 2), (3, 1)]
    assert study.cells[0].held == {"group": "a"}
    study = _text(tmp_path, "N,D,loss\n1,2,3\n")
    assert (study.axes, study.letter) == (("N", "D"), "L")
    study = _text(tmp_path, "x,accuracy,trials\n1,0.5,20\n")
    assert (study.kind, study.cells[0].trials) == ("share", 20.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x,z\n1,2\n", "has the columns x, z; a table of points has x, y"),
        ("x,y,colour\n1,2,3\n", "unknown column 'colour'"),
        ("x,y\n1,-2\n", "line 2: y is -2; it must be above 0"),
        ("x,y\n1,0\n", "line 2: y is 0; it must be above 0"),
        ("x,y\n1,nan\n", "line 2: y is nan; it must be finite"),
        ("x,y\n0,1\n", "line 2: x is 0; it must be above 0"),
        ("x,y\n1,two\n", "line 2: y is 'two'; it must be a number"),
        ("x,y\n1,\n", "line 2: y is empty"),
        ("x,accuracy\n1,50\n", "accuracy is 50; it must be a share from 0 to 1"),
        ("x,accuracy,trials\n1,.5,0\n", "trials is '0'; it must be a whole number >= 1"),
    ],
)
def test_bad_tables_of_users_are_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        _text(tmp_path, text)
    assert said in str(refused.value)


def test_an_unknown_metric_or_column_is_refused(tmp_path: Path) -> None:
    points = [_point("a", 0.3, metrics={"f1": 0.5})]
    with pytest.raises(UsageError, match=r"has no metric\.f2; it has f1"):
        _study(tmp_path, points, metric="f2")
    with pytest.raises(UsageError, match="no column 'colour'"):
        _study(tmp_path, points, columns=("colour",))


@pytest.mark.parametrize(
    ("arch", "family"),
    [
        ("imuvit_512x5", "imuvit"),
        ("gaitptv2_deep_1", "gaitptv2_deep"),
        ("imuconv_288k", "imuconv"),
        ("tinyvit_5m", "tinyvit"),
        ("gaitbase", "gaitbase"),
    ],
)
def test_a_family_is_a_name_without_its_size(arch: str, family: str) -> None:
    assert family_of(arch) == family
