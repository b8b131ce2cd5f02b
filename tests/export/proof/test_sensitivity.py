"""Which layers INT8 hurts most, and how few of them stay in float."""

from __future__ import annotations

import math
from collections.abc import Sequence

import onnx
import pytest

from edgehuman.data.samples import Samples
from edgehuman.errors import ParityError
from edgehuman.export.graph import int8
from edgehuman.export.graph.calibration import collect, ranges
from edgehuman.export.proof.sensitivity import Sensitivity, keep_float, rank


def test_the_ranking_finds_the_layer_whose_range_is_wrong(
    model: onnx.ModelProto, samples: Samples
) -> None:
    found = collect(model, int8.tensors_to_calibrate(model), samples.array)
    bounds = ranges(found, "minmax")
    wrong = next(n for n in model.graph.node if n.name == "blocks.1.mlp.3/MatMul").input[0]
    bounds[wrong] = (-500.0, 500.0)
    ranked = rank(model, bounds, "cpu", samples.array)
    assert ranked[0].layer == "blocks.1.mlp.3/MatMul"
    assert {row.layer for row in ranked} == {node.name for node in int8.weight_layers(model)}
    errors = [row.error for row in ranked]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("needed", range(1, 7))
def test_the_smallest_float_set_is_found(needed: int) -> None:
    ranked = [Sensitivity(str(i), 10.0 - i) for i in range(7)]

    def drop_of(layers: object) -> float:
        return 0.0 if len(list(layers)) >= needed else 3.0  # type: ignore[call-overload]

    assert keep_float(ranked, drop_of, 0.5, 6) == tuple(map(str, range(needed)))


def test_no_more_layers_are_tried_than_may_be_float() -> None:
    ranked = [Sensitivity(str(i), 1.0) for i in range(49)]
    judged: list[int] = []

    def drop_of(layers: Sequence[str]) -> float:
        judged.append(len(layers))
        return 1.0 if len(layers) < 48 else 0.0

    with pytest.raises(ParityError, match=r"--max-drop 0.* with 32 of its 49 layers in float"):
        keep_float(ranked, drop_of, 0, 32)
    assert judged == [1, 2, 4, 8, 16, 32]


def test_all_in_float_is_no_int8_graph() -> None:
    ranked = [Sensitivity(str(i), 1.0) for i in range(7)]
    with pytest.raises(ParityError, match=r"no INT8 graph .* drops by 3\.00 points"):
        keep_float(ranked, lambda layers: 3.0, 0.5, 6)


def test_a_large_network_is_judged_a_dozen_times() -> None:
    ranked = [Sensitivity(str(i), 1.0 / (i + 1)) for i in range(80)]
    judged: list[int] = []

    def drop_of(layers: Sequence[str]) -> float:
        judged.append(len(layers))
        return 0.0 if len(layers) >= 45 else 3.0

    assert len(keep_float(ranked, drop_of, 0.5, 79)) == 45
    assert judged == [1, 2, 4, 8, 16, 32, 64, 48, 40, 44, 46, 45]


@pytest.mark.parametrize("layers", [0, 1])
def test_without_a_layer_to_leave_in_int8_there_is_no_int8_graph(layers: int) -> None:
    ranked = [Sensitivity("head", 1.0)][:layers]
    with pytest.raises(ParityError, match="the answers still differ too much") as raised:
        keep_float(ranked, lambda layers: 0.0, 0.5, 0)
    assert raised.value.ranking == ranked


def test_the_budget_that_does_not_hold_is_named() -> None:
    ranked = [Sensitivity(str(i), 1.0) for i in range(4)]
    asked: list[Sequence[str]] = []

    def broken(layers: Sequence[str]) -> list[str]:
        asked.append(layers)
        return ["masks_kept 0.6 is under 0.7"]

    with pytest.raises(ParityError, match=r"a gain, masks_kept 0\.6 is under 0\.7\. Export"):
        keep_float(ranked, lambda layers: math.inf, 0.5, 2, broken)
    assert asked == [["0", "1"]]


def test_a_drop_too_small_for_two_digits_is_not_printed_as_none() -> None:
    ranked = [Sensitivity("head", 1.0), Sensitivity("stem", 0.5)]
    with pytest.raises(ParityError, match=r"still drops by 0\.004 points"):
        keep_float(ranked, lambda layers: 0.004, 0.0, 1)
