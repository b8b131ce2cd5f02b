"""Laws of a fit: read, and what 2 and 4 times as much gives; nothing is extrapolated silently."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.budget.curve import place_on, read_laws
from edgehuman.bench.scale.points import POINTS, Point, write_points
from edgehuman.errors import DataError, UsageError


def a_law(**changes: Any) -> dict[str, Any]:
    """The loss is people^-0.5: 0.1 at 100."""
    law: dict[str, Any] = {
        "x": "people",
        "form": "L = a people^-b",
        "parameters": {"a": 1.0, "b": 0.5},
        "exponent": -0.5,
        "interval": [-0.6, -0.4],
        "group": {"sampling": "user"},
        "held_out": {"predicted": 0.11, "interval": [0.1, 0.12], "measured": 0.105},
        "range": [4, 100],
        "y": "loss",
        "simulated": True,
    }
    law |= changes
    if "form" not in changes:
        law["form"] = f"L = a {law['x']}^-b"
    return law


def written(folder: Path, *laws: Any) -> Path:
    (folder / "laws.json").write_text(json.dumps({"laws": list(laws)}))
    return folder


def test_a_place_is_the_largest_point_or_what_there_is(tmp_path: Path) -> None:
    [law] = read_laws(written(tmp_path, a_law()))
    assert (place_on(law).today, place_on(law).value) == pytest.approx((100.0, 0.1))
    assert place_on(law, 25.0).value == pytest.approx(0.2)


def test_twice_as_much_is_inside_and_four_times_is_marked(tmp_path: Path) -> None:
    [law] = read_laws(written(tmp_path, a_law()))
    two, four = place_on(law, 50.0).steps
    assert (two.x, two.value, two.ratio) == pytest.approx((100.0, 0.1, 2**-0.5))
    assert two.interval == pytest.approx((2**-0.6, 2**-0.4))
    assert (two.state, four.state) == ("within", "extrapolated")
    assert four.value == pytest.approx(200**-0.5)


def test_the_exponent_may_be_that_of_the_form(tmp_path: Path) -> None:
    changes = {"form": "power", "exponent": 0.5, "interval": [0.4, 0.6], "metric": "loss"}
    [law] = read_laws(written(tmp_path, a_law(**changes)))
    assert place_on(law).steps[0].interval == pytest.approx((2**-0.6, 2**-0.4))


def test_of_a_law_with_a_floor_the_exponent_gives_no_interval(tmp_path: Path) -> None:
    floor = a_law(form="L = E + a people^-b", parameters={"a": 1.0, "b": 0.5, "E": 0.3})
    [law] = read_laws(written(tmp_path, floor))
    place = place_on(law)
    assert place.value == pytest.approx(0.4)
    assert place.steps[1].value == pytest.approx(0.35)
    assert place.steps[1].ratio == pytest.approx(0.875)
    assert place.steps[1].interval is None


@pytest.mark.parametrize(
    ("form", "parameters", "at_4"),
    [
        ("logit P = c + k ln people", {"c": 0.0, "k": 1.0}, 0.8),  # 1 / (1 + 1/4)
        ("1 - P = e^c people^k", {"c": 0.0, "k": -0.5}, 0.5),
        ("P = a log2 people + E", {"a": 0.1, "E": 0.2}, 0.4),
    ],
)
def test_shares_have_forms_of_their_own(
    tmp_path: Path, form: str, parameters: dict[str, float], at_4: float
) -> None:
    [law] = read_laws(written(tmp_path, a_law(form=form, parameters=parameters, y="rank1")))
    assert law.at(4.0) == pytest.approx(at_4)
    assert (law.metric, place_on(law).steps[0].interval) == ("rank1", None)


def test_a_log2_law_is_refused_outside_of_its_points(tmp_path: Path) -> None:
    form, given = "P = a log2 people + E", {"a": 0.1, "E": 0.2}
    [law] = read_laws(written(tmp_path, a_law(form=form, parameters=given, y="rank1")))
    two, four = place_on(law, 50.0).steps
    assert (two.state, four.state, four.value) == ("within", "refused", None)


def test_laws_of_two_variables_and_of_pooled_folds_are_left_out(tmp_path: Path) -> None:
    joint = {"x": "N, D", "form": "L = E + A N^-alpha + B D^-beta", "parameters": {}}
    pooled = {"x": "people", "form": "L = a_fold people^-b", "parameters": {}}
    assert len(read_laws(written(tmp_path, joint, a_law(), pooled))) == 1


@pytest.mark.parametrize("have", [3.9, 101.0, 1e9])
def test_what_would_be_extrapolated_is_refused(tmp_path: Path, have: float) -> None:
    [law] = read_laws(written(tmp_path, a_law()))
    with pytest.raises(UsageError, match="outside of what loss over people of simulated data"):
        place_on(law, have)


def test_points_beside_the_laws_say_which_architectures_they_are_of(tmp_path: Path) -> None:
    cells = [{"cell": "1", "x": 1000.0}, {"cell": "2", "x": 9000.0}, {"cell": "x", "x": 1.0}]
    folder = written(tmp_path, a_law(x="params", range=[1000, 9000], points=cells))
    points = [Point(name, arch=arch, loss=0.5) for name, arch in zip("123", "abc", strict=True)]
    write_points(folder / POINTS, points)
    [law] = read_laws(folder)
    assert law.sizes == {"a": 1000.0, "b": 9000.0}
    assert law.is_of_size
    elsewhere = tmp_path / "laws"
    elsewhere.mkdir()
    named = {"points": str(folder / POINTS), "laws": [a_law(points=cells[:1])]}
    (elsewhere / "laws.json").write_text(json.dumps(named))
    [other] = read_laws(elsewhere / "laws.json")
    assert [*other.sizes] == ["a"]


def test_the_best_of_several_architectures_is_none_of_them(tmp_path: Path) -> None:
    cells = [{"cell": "1", "x": 4.0}, {"cell": "2", "x": 8.0}]
    best = a_law(points=cells, group={"arch": "best of 2"})
    own = a_law(points=cells[:1], group={"arch": "a"})
    mixed = a_law(points=cells)
    folder = written(tmp_path, best, own, mixed)
    points = [Point(name, arch=arch, loss=0.5) for name, arch in zip("12", "ab", strict=True)]
    write_points(folder / POINTS, points)
    assert [[*law.sizes] for law in read_laws(folder)] == [[], ["a"], []]


def test_a_mean_of_seeds_is_not_beyond_itself(tmp_path: Path) -> None:
    [law] = read_laws(written(tmp_path, a_law(range=[4.000000000000001, 127.99999999999997])))
    assert [step.state for step in place_on(law, 64.0).steps] == ["within", "extrapolated"]
    assert place_on(law, 128.0).today == 128.0
    assert place_on(law, 4.0).today == 4.0


def test_without_points_the_group_may_say_it(tmp_path: Path) -> None:
    one, other = read_laws(written(tmp_path, a_law(), a_law(group={"arch": "a"})))
    assert one.sizes == {}
    assert other.sizes == {"a": 0.0}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"range": [0, 100]}, "it must rise from above 0"),
        ({"range": [100, 4]}, "it must rise"),
        ({"range": [4, float("nan")]}, "two finite numbers"),
        ({"parameters": {"a": 1.0}}, "lacks 'b'"),
        ({"parameters": {"a": 1.0, "b": -1e9}}, "law 1"),
        ({"parameters": {"a": float("nan"), "b": 1}}, "its value at 4 is nan"),
        ({"parameters": 7}, "law 1"),
        ({"interval": [1]}, "law 1"),
        ({"interval": [-1e9, 0]}, "must be within 100"),
        ({"exponent": float("nan")}, "must be within 100"),
        ({"parameters": {"a": 0.0, "b": 0.5}}, "its value at 4 is 0.0; it must be"),
        ({"parameters": {"a": 1.0, "b": 1000.0}}, "law 1"),
        ({"group": 3}, "law 1"),
    ],
)
def test_a_law_that_says_nothing_is_refused(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        read_laws(written(tmp_path, a_law(**changes)))


@pytest.mark.parametrize("content", [b"", b"[]", b'{"laws": 3}', b"\xff", b'{"laws": [3]}'])
def test_what_is_no_file_of_laws_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "laws.json").write_bytes(content)
    with pytest.raises(DataError, match="edgehuman scale fit DIR"):
        read_laws(tmp_path)


def test_where_there_is_none_the_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"laws.json: no such file of laws; run `edgehuman scale"):
        read_laws(tmp_path)


@pytest.mark.parametrize("held", [[1], {}, {"predicted": "x", "measured": 1}, {"predicted": 1}, 3])
def test_what_was_held_out_is_two_numbers(held: object, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="law 1: "):
        read_laws(written(tmp_path, a_law(held_out=held)))
