"""What a finished cell says of itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.scale.cells import DIVERGED, DONE, FAILED, RUNNING, CellState, Step
from edgehuman.bench.scale.facts import off_their_neighbours, point_of
from edgehuman.bench.scale.points import Point, read_points, write_points

WORDS = (
    *("pretrain", "--method", "contrastive", "--out", "cells/a/train", "--steps", "200"),
    *("--arch", "gaitformer_1", "--data", "simulated", "--people", "64", "--quality", "top"),
    *("--share", "0.5", "--batch", "32", "--seed", "3"),
)
OUTCOME = {
    "people": 64, "sequences": 128, "loss": 1.5, "rank1": 0.25, "simulated": True,
    "params": 100, "params_all": 120, "flops": 5e9,
}  # fmt: skip
STATE = CellState(
    "a", {"augment": "none"}, WORDS, (), "abc", "p", DONE, OUTCOME, seconds=12.34, attempts=1
)


def test_a_contrastive_pretraining() -> None:
    point = point_of(STATE)
    assert point is not None
    assert (point.method, point.arch, point.sampling) == ("contrastive", "gaitformer_1", "top")
    assert (point.share, point.seed, point.batch, point.samples) == (0.5, 3, 32, 6400)
    assert (point.people, point.items, point.hours, point.loss) == (64, 128, None, None)
    assert (point.width, point.depth, point.flops) == (64, 9, 5e9)
    assert point.metrics == {"rank1": 0.25}
    assert point.simulated
    assert (point.augment, point.seconds, point.folder) == ("none", 12.3, "a")
    assert point.lr == 0.0016  # the method's own
    assert point.command.startswith("edgehuman pretrain --method contrastive --out")


def test_random_shares_and_all_of_the_data() -> None:
    words = [*WORDS]
    words[words.index("top")] = "all"
    random = point_of(replace(STATE, words=tuple(words)))
    words[words.index("0.5")] = "1"
    whole = point_of(replace(STATE, words=tuple(words)))
    assert random is not None
    assert whole is not None
    assert (random.sampling, whole.sampling) == ("random", "all")


def test_people_of_an_axis_are_amounts_and_no_share() -> None:
    words = tuple(word for word in WORDS if word not in ("--share", "0.5", "--quality", "top"))
    counted = point_of(replace(STATE, words=words, labels={"people": "64"}))
    fixed = point_of(replace(STATE, words=words, labels={"seed": "3"}))
    assert counted is not None
    assert fixed is not None
    assert (counted.sampling, counted.share, counted.people) == ("user", None, 64)
    assert (fixed.sampling, fixed.share) == ("all", 1.0)


def test_an_axis_without_a_column_is_told_apart() -> None:
    labels = {"augment": "rotated", "dropout": "0.1", "seed": "3", "lr": "0.001"}
    point = point_of(replace(STATE, labels=labels))
    assert point is not None
    assert point.augment == "rotated, dropout=0.1"


def test_a_trunk_is_known_by_its_folder() -> None:
    own = ("pretrain", "--method", "mae", "--out", "cells/a/train", "--keep-at", "100")
    other = (*own[:4], "cells/b/train", "--trunk", "cells/a/train", "--decay-from", "100")
    said = {**OUTCOME, "trunk": "train"}  # as both end
    points = [point_of(replace(STATE, words=words, outcome=said)) for words in (own, other)]
    assert [point and point.trunk for point in points] == ["cells/a/train", "cells/a/train"]
    alone = point_of(replace(STATE, words=own[:5], outcome={**OUTCOME, "trunk": ""}))
    assert alone is not None
    assert alone.trunk == ""


def test_which_people_are_held_out_is_the_fold() -> None:
    words = ("pretrain", "--method", "mae", "--valid-fold", "2", "--subset", "0.5")
    point = point_of(replace(STATE, words=words))
    assert point is not None
    assert (point.fold, point.share, point.sampling) == ("2", 0.5, "random")


def test_metrics_of_a_fine_tuning_and_their_trials() -> None:
    step = Step("uci", ("finetune",), ("macro_f1", "accuracy"), {"accuracy": 2947})
    found = {"uci": {"macro_f1": 0.7, "accuracy": 0.8}}
    point = point_of(replace(STATE, steps=(step,), found=found, outcome={**OUTCOME, "rank1": None}))
    assert point is not None
    assert point.metrics == {"uci.macro_f1": 0.7, "uci.accuracy": 0.8}
    assert point.trials == {"uci.accuracy": 2947}


def test_what_is_no_point_yet_and_what_has_no_loss() -> None:
    assert point_of(replace(STATE, status=RUNNING)) is None
    # Its pretraining is done: only what follows has failed, and is tried again.
    assert point_of(replace(STATE, status=FAILED)) is None
    lost = point_of(replace(STATE, status=DIVERGED, outcome=None, retry_of="b"))
    assert lost is not None
    assert (lost.status, lost.loss, lost.params) == ("diverged", None, None)
    assert lost.more == {"retry_of": "b"}


@pytest.mark.parametrize(
    "outcome",
    [
        {"test_loss": "x", "params": "=1+1", "people": float("inf"), "trunk": ["a\n\x1b[2J"]},
        {"test_loss": -1.0, "params": -3, "hours": 0, "rank1": 0},
        {"test_loss": 1e200, "people": 1e-300, "loss": -2.5, "params": 1 << 80, "flops": True},
        {"loss": float("nan"), "params": 1.5, "sequences": {}},
    ],
)
def test_any_outcome_gives_a_table_that_is_read_back(
    tmp_path: Path, outcome: dict[str, Any]
) -> None:
    step = Step("p", (), ("f1",), {"f1": 10})
    found = {"p": {"f1": float("nan")}}
    point = point_of(replace(STATE, outcome=outcome, steps=(step,), found=found))
    assert point is not None
    write_points(tmp_path / "points.csv", [point])
    (again,) = read_points(tmp_path / "points.csv")
    assert replace(again, line=0) == point
    assert (point.loss, point.params, point.people) == (None, None, None)


def test_a_command_can_be_pasted_into_a_shell() -> None:
    point = point_of(replace(STATE, words=(*WORDS, "--data", "my data; rm -rf x")))
    assert point is not None
    assert point.command.endswith("--data 'my data; rm -rf x'")


SHARES = (1.0, 0.5, 0.25, 0.125, 0.0625)


def series(arch: str = "a", times: float = 1.0) -> list[Point]:
    """Losses on a line, a tenth of a percent off it in turn."""
    return [
        Point(f"{arch}{seed}-{share}", arch=arch, share=share, seed=seed,
              loss=times * share**-0.1 * (1 + 0.001 * (-1) ** (seed + n)))
        for seed in (0, 1)
        for n, share in enumerate(SHARES)
    ]  # fmt: skip


def test_a_line_has_none() -> None:
    assert off_their_neighbours(series()) == []
    assert off_their_neighbours([]) == []


def test_one_that_is_far_above_and_none_that_is_far_below() -> None:
    points = series()
    odd = Point("odd", arch="a", share=0.25, seed=2, loss=1.5)
    low = Point("low", arch="a", share=0.25, seed=3, loss=0.9)
    assert off_their_neighbours([*points, odd, low]) == [odd]


def test_a_little_above_is_noise() -> None:
    near = Point("near", arch="a", share=1.0, seed=2, loss=1.014)
    far = Point("far", arch="a", share=1.0, seed=2, loss=1.017)
    assert off_their_neighbours([*series(), near]) == []
    assert off_their_neighbours([*series(), far]) == [far]


def test_each_series_has_a_line_of_its_own_and_few_points_have_none() -> None:
    other = series("b", times=3.0)
    assert off_their_neighbours([*series(), *other]) == []
    assert off_their_neighbours([*series(), *other[:5]]) == []
    lost = Point("lost", arch="a", share=1.0, status="diverged")
    assert off_their_neighbours([*series(), lost]) == []


def test_one_amount_alone_is_judged_by_its_median() -> None:
    points = [Point(str(n), arch="a", share=1.0, seed=n, loss=2.0) for n in range(6)]
    odd = Point("odd", arch="a", share=1.0, seed=9, loss=2.2)
    assert off_their_neighbours([*points, odd]) == [odd]


def test_an_amount_whose_seeds_agree_is_a_bend_and_no_fault() -> None:
    bend = [Point(f"bend{n}", arch="a", share=0.015625, seed=n, loss=5.0 + n / 50) for n in (0, 1)]
    assert off_their_neighbours([*series(), *bend]) == []
    assert off_their_neighbours([*series(), bend[0]]) == []  # alone at the end of the line
    odd = Point("odd", arch="a", share=0.015625, seed=2, loss=9.0)
    assert off_their_neighbours([*series(), *bend, odd]) == [odd]
    alone = Point("alone", arch="a", share=0.2, loss=2.0)
    assert off_their_neighbours([*series(), alone]) == [alone]
