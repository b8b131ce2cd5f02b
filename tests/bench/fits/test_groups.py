"""Which cells make one curve."""

from __future__ import annotations

from edgehuman.bench.fits.groups import axes_of, by_fold, groups_of, in_every_sampling
from edgehuman.bench.fits.study import Cell, Study


def _cell(name: str, value: float, x: float, params: float = 1e6, **held: str) -> Cell:
    amounts = {"items": x, "params": params, "flops": x * params * 6}
    return Cell(name, {"family": "v", **held}, amounts, value)


def _study(*cells: Cell) -> Study:
    return Study("loss", "loss", "L", cells)


def test_a_curve_along_data_is_one_network_and_the_best_comes_first() -> None:
    cells = [
        _cell(f"{arch}{x}", value / x, x, arch=arch)
        for arch, value in (("a", 1.0), ("b", 2.0))
        for x in (1.0, 2.0, 4.0)
    ]
    groups = groups_of(_study(*cells), "items")
    assert [group.label for group in groups] == ["arch best of 2", "arch a", "arch b"]
    assert [cell.name for cell in groups[0].cells] == ["a1.0", "a2.0", "a4.0"]


def test_an_amount_that_one_network_alone_has_is_no_choice() -> None:
    cells = [_cell(f"a{x}", 1.0, x, arch="a") for x in (1.0, 2.0, 4.0)]
    cells += [_cell(f"b{x}", 1.0, x, arch="b") for x in (3.0, 5.0, 7.0)]
    assert [group.label for group in groups_of(_study(*cells), "items")] == ["arch a", "arch b"]


def test_a_curve_along_parameters_is_one_amount_of_data() -> None:
    cells = [
        _cell(f"{n}-{share}", 1.0, float(share) * 100, n, arch=f"v_{n}", share=share)
        for n in (1e6, 2e6)
        for share in ("0.5", "1")
    ]
    groups = groups_of(_study(*cells), "params")
    assert [group.label for group in groups] == ["share 0.5", "share 1"]
    assert [cell.amounts["params"] for cell in groups[0].cells] == [1e6, 2e6]


def test_a_curve_along_compute_is_the_best_of_each_octave() -> None:
    cells = [_cell("a", 3.0, 1.0), _cell("b", 2.0, 1.1), _cell("c", 1.0, 4.0)]
    (group,) = groups_of(_study(*cells), "flops")
    assert [cell.name for cell in group.cells] == ["b", "c"]


def test_columns_that_were_asked_for_make_the_curves() -> None:
    cells = [_cell(f"{s}{a}", 1.0, 1.0, sampling=s, arch=a) for s in "ur" for a in "ab"]
    groups = groups_of(_study(*cells), "items", ("sampling",))
    assert [(group.label, len(group.cells)) for group in groups] == [
        ("sampling u", 2),
        ("sampling r", 2),
    ]


def test_simulated_cells_are_a_curve_of_their_own() -> None:
    made = Cell("s", {"family": "v"}, {"items": 1.0, "params": 1e6}, 1.0, simulated=True)
    groups = groups_of(_study(_cell("a", 1.0, 1.0), made), "items", ("family",))
    assert [group.simulated for group in groups] == [False, True]


def test_all_of_the_data_is_the_largest_point_of_every_sampling() -> None:
    cells = [
        _cell(f"{s}{x}", 1.0 / x, x, sampling=s, arch="a", share=f"{x / 8:g}")
        for s in ("user", "random")
        for x in (1.0, 2.0, 4.0)
    ]
    cells.append(_cell("all", 0.1, 8.0, sampling="all", arch="a", share="1"))
    groups = groups_of(_study(*cells), "items")
    assert [(group.label, [cell.name for cell in group.cells]) for group in groups] == [
        ("sampling user", ["user1.0", "user2.0", "user4.0", "all"]),
        ("sampling random", ["random1.0", "random2.0", "random4.0", "all"]),
    ]
    # Along parameters it is one curve, and alone it is what it was.
    assert [g.label for g in groups_of(_study(*cells), "params")][-1] == "sampling all, share 1"
    assert in_every_sampling(cells[-1:]) == cells[-1:]


def test_three_folds_are_pooled_and_two_are_not() -> None:
    cells = [_cell(f"{f}{x}", 1.0, x, fold=f) for f in "012" for x in (1.0, 2.0)]
    assert len(by_fold(groups_of(_study(*cells), "items"))[0][1]) == 3
    assert by_fold(groups_of(_study(*cells[:4]), "items")) == []


def test_of_cells_that_differ_in_their_training_the_longest_counts() -> None:
    cells = []
    for share, seen in (("0.5", 10.0), ("0.5", 40.0), ("1", 20.0), ("1", 80.0)):
        amounts = {"items": 100 * float(share), "params": 1e6, "samples": seen}
        cells.append(Cell(f"{share}-{seen}", {"arch": "a", "share": share}, amounts, 1.0))
    (group,) = groups_of(_study(*cells), "items")
    assert [cell.name for cell in group.cells] == ["0.5-40.0", "1-80.0"]
    assert group.shorter == 2
    assert [len(each.cells) for each in groups_of(_study(*cells), "samples")] == [2, 2]


def test_the_axes_are_those_that_vary() -> None:
    cells = [_cell("a", 1.0, 1.0), _cell("b", 1.0, 2.0)]
    assert axes_of(_study(*cells), "") == ("items", "flops")
    assert axes_of(_study(*cells), "N") == ("params",)
