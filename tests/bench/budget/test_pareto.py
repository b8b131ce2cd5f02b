"""The Pareto set, what is compared with what, and the picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgehuman.bench.budget.answers import Ask, measured
from edgehuman.bench.budget.curve import Law, Place
from edgehuman.bench.budget.latencies import Accuracy, Latency
from edgehuman.bench.budget.pareto import (
    Comparison,
    Spot,
    compare,
    draw,
    is_lower_better,
    name_of,
    pareto_set,
    score_of,
)
from tests.bench.budget.tables import made_row, made_table


def test_no_other_is_both_faster_and_better() -> None:
    points = [(1.0, 0.5), (2.0, 0.9), (3.0, 0.7), (4.0, 0.9), (2.0, 0.9), (0.5, 0.1)]
    assert pareto_set(points) == [True, True, False, False, True, True]


def test_of_errors_the_smaller_is_better() -> None:
    assert is_lower_better("loss")
    assert is_lower_better("mean_error_px")
    assert not is_lower_better("macro_f1")
    spots = (Spot("a", 1.0, 1.0, True, 0.3), Spot("b", 2.0, 2.0, True, 0.4))
    assert Comparison("t", "loss", "p", True, spots).pareto == ["a"]
    assert Comparison("t", "rank1", "p", False, spots).pareto == ["a", "b"]


def test_an_accuracy_that_nobody_measured_puts_no_other_out() -> None:
    spots = (Spot("a", 2.0, 2.0, True, 0.9), Spot("a8", 1.0, 1.0, True, 0.9, False, False))
    assert Comparison("t", "rank1", "p", False, spots).best == [True, False]


def test_what_the_file_loses_is_taken_off_and_a_gain_is_none() -> None:
    assert score_of(Accuracy("f1", 0.9, "x")) == 0.9
    assert score_of(Accuracy("f1", 0.9, "x", False, 0.02)) == pytest.approx(0.88)
    assert score_of(Accuracy("f1", 0.9, "x", False, -0.02)) == 0.9


def compared(*rows: Latency, places: tuple[Place, ...] = ()) -> list[Comparison]:
    return compare(measured(made_table(*rows), Ask(8.0)), places)


def test_only_one_metric_on_one_set_is_compared() -> None:
    a = made_row("a", accuracy=(Accuracy("f1", 0.9, "one"), Accuracy("f1", 0.8, "two")))
    b = made_row("b", 1.0, accuracy=(Accuracy("f1", 0.7, "two"), Accuracy("ece", 0.1, "two")))
    c = made_row("c", task="pose", accuracy=(Accuracy("f1", 0.7, "two"),))
    found = {(each.task, each.protocol): each for each in compared(a, b, c, made_row("d"))}
    assert {key: [spot.name for spot in each.spots] for key, each in found.items()} == {
        ("activity", "one"): ["a fp32"],
        ("activity", "two"): ["a fp32", "b fp32"],
        ("pose", "two"): ["c fp32"],
    }
    assert found["activity", "two"].pareto == ["a fp32", "b fp32"]


def law(over: str = "people", **sizes: float) -> Law:
    group = {"arch": next(iter(sizes)), "sampling": "user"} if over == "people" else {}
    value, given = (lambda p, x: p["a"] * x ** -p["b"]), {"a": 1.0, "b": 0.5}
    return Law(over, "loss", "power", value, given, 0.5, None, 1.0, 100.0, group, None, True, sizes)


def test_what_laws_predict_is_compared_by_today_s_data() -> None:
    places = tuple(
        Place(law("people", **{arch: 0.0}), 100.0, loss, ())
        for arch, loss in (("x", 0.2), ("y", 0.1))
    )
    rows = (made_row("a", 1.0, arch="x"), made_row("b", 2.0, arch="y"), made_row("c", arch="z"))
    [found] = compared(*rows, places=places)
    assert (found.predicted, found.metric) == (True, "loss")
    assert found.protocol == "law of simulated data at 100 people (sampling user)"
    assert [(spot.name, spot.score) for spot in found.spots] == [("a fp32", 0.2), ("b fp32", 0.1)]
    assert found.pareto == ["a fp32", "b fp32"]


def test_a_law_of_size_gives_each_network_its_own_inside_the_range_alone() -> None:
    place = Place(law("params", x=4.0, y=25.0, z=400.0), 100.0, 0.1, ())
    rows = [made_row(name, arch=name) for name in "xyz"]
    [found] = compared(*rows, places=(place,))
    assert [spot.score for spot in found.spots] == [0.5, 0.2]


def test_a_quantised_network_is_not_what_the_law_is_of() -> None:
    place = Place(law(x=0.0), 100.0, 0.2, ())
    rows = (made_row("a", 2.0, arch="x"), made_row("a8", 1.0, arch="x", precision="int8"))
    [found] = compared(*rows, places=(place,))
    assert found.pareto == ["a fp32"]


def test_names_say_what_is_unusual() -> None:
    [one] = measured(made_table(made_row("zoo:a-int8", precision="int8")), Ask(8.0))
    assert name_of(one) == "zoo:a-int8"
    assert name_of(replace(one, model="a", format="torch", threads=4)) == "a int8 torch, 4 threads"


def test_of_many_models_and_sets_a_part_is_drawn(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    pytest.importorskip("matplotlib")
    spots = tuple(Spot(f"m{i}", 1.0 + i, 2.0 + i, True, 0.5) for i in range(16))
    many = [Comparison("t", "f1", str(i), False, spots[: 1 + 15 * (i == 0)]) for i in range(13)]
    path = draw(many, 8.0, "p95", tmp_path / "plan.png")
    assert cv2.imread(str(path)).shape[0] == int(6 * 4.2 * 110)


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    pytest.importorskip("matplotlib")
    a = made_row("a", accuracy=(Accuracy("f1", 0.9, "one"),))
    b = made_row("b", 1.0, accuracy=(Accuracy("f1", 0.7, "one", False),))
    path = draw(compared(a, b) * 3, 8.0, "p95", tmp_path / "plan.png")
    height, width, _ = cv2.imread(str(path)).shape
    assert (width, height) == (int(12.8 * 110), int(8.4 * 110))
