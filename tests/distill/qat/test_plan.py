from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from onnx import numpy_helper

from edgehuman.distill.qat.fold import fold, pairs
from edgehuman.distill.qat.plan import Plan, make_plan
from edgehuman.export.graph.int8 import Target, tensors_to_calibrate, weight_layers
from edgehuman.export.graph.tidy import constants
from tests.distill.qat.nets import EVERY_FAMILY, made, traced


def plan_of(family: str, target: Target = "cpu") -> tuple[Plan, list[str], list[str]]:
    """The plan of a family's small network; the graph's weight layers and rounded tensors."""
    network, card, records = made(family)
    network = copy.deepcopy(network)
    norms = pairs(network, torch.from_numpy(records[:2]))
    fold(network, norms)
    model = traced(network, card)
    names = [node.name for node in weight_layers(model)]
    return make_plan(network, model, target, norms), names, tensors_to_calibrate(model)


@pytest.mark.parametrize("family", EVERY_FAMILY)
def test_every_weight_layer_of_every_family_is_found(family: str) -> None:
    plan, names, tensors = plan_of(family)
    assert plan.float_layers == ()
    assert [layer.name for layer in plan.layers] == names
    assert len(names) > 3
    assert set(plan.tensors()) == set(tensors)


def test_norms_of_convolutions_are_their_layers() -> None:
    plan, _, _ = plan_of("imuconv")
    by_weight = {layer.weight: layer for layer in plan.layers}
    assert by_weight["stem.weight"].norm == "stem_norm"
    assert by_weight["stages.1.shortcut.0.weight"].norm == "stages.1.shortcut.1"
    assert by_weight["head.weight"].norm == ""
    assert by_weight["head.weight"].output == ""
    # Both branches of a block take one tensor, so they share its quantiser.
    first, shortcut = by_weight["stages.1.first.weight"], by_weight["stages.1.shortcut.0.weight"]
    assert first.input == shortcut.input


def test_only_the_cpus_layout_rounds_outputs_and_biases() -> None:
    plan, _, _ = plan_of("imuconv", "tensorrt")
    assert {layer.output for layer in plan.layers} == {""}
    assert not any(layer.whole_bias for layer in plan.layers)
    plan, _, _ = plan_of("imuvit")
    assert {layer.output for layer in plan.layers} == {""}
    # MatMul adds its bias in float afterwards; the head is a Gemm, whose bias is whole.
    assert [layer.weight for layer in plan.layers if layer.whole_bias] == ["head.weight"]


def test_a_layer_with_other_numbers_stays_in_float() -> None:
    network, card, _ = made("imuvit")
    model = traced(network, card)
    node = next(node for node in weight_layers(model) if "blocks.0.mlp.0" in node.name)
    held = constants(model.graph)[node.input[1]]
    other = numpy_helper.to_array(held) + np.float32(1)
    held.CopyFrom(numpy_helper.from_array(other, held.name))
    plan = make_plan(network, model, "cpu", {})
    assert plan.float_layers == (node.name,)
    assert len(plan.layers) == len(weight_layers(model)) - 1
    assert plan.without({"head/Gemm"}).float_layers == (node.name, "head/Gemm")
