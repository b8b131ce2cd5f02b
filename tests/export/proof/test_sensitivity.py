"""Which layers INT8 hurts, and how few of them stay in float."""

from __future__ import annotations

import onnx
import pytest

from edgehuman.data.samples import Samples
from edgehuman.errors import ParityError
from edgehuman.export.graph import calibration, int8
from edgehuman.export.proof import sensitivity


def ranges_of(model: onnx.ModelProto, samples: Samples) -> dict[str, calibration.Range]:
    found = calibration.collect(model, int8.tensors_to_calibrate(model), samples.array)
    return calibration.ranges(found, "minmax")


def test_the_ranking_finds_the_layer_whose_range_is_wrong(
    model: onnx.ModelProto, samples: Samples
) -> None:
    bounds = ranges_of(model, samples)
    wrong = next(n for n in model.graph.node if n.name == "blocks.1.mlp.3/MatMul").input[0]
    bounds[wrong] = (-500.0, 500.0)
    ranked = sensitivity.rank(model, bounds, "cpu", samples.array)
    assert ranked[0].layer == "blocks.1.mlp.3/MatMul"


@pytest.mark.parametrize("needed", range(1, 7))
def test_the_smallest_float_set_is_found(needed: int) -> None:
    ranked = [sensitivity.Sensitivity(str(i), 10.0 - i) for i in range(7)]

    def drop_of(layers: object) -> float:
        return 0.0 if len(list(layers)) >= needed else 3.0  # type: ignore[call-overload]

    assert sensitivity.keep_float(ranked, drop_of, 0.5) == tuple(map(str, range(needed)))


def test_all_in_float_is_no_int8_graph() -> None:
    ranked = [sensitivity.Sensitivity(str(i), 1.0) for i in range(7)]
    with pytest.raises(ParityError, match=r"no INT8 graph .* falls by 3\.00 points"):
        sensitivity.keep_float(ranked, lambda layers: 3.0, 0.5)
