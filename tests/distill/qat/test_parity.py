from __future__ import annotations

import pytest
import torch

from edgehuman.catalogue import SIMULATED
from edgehuman.distill.qat.parity import Agreement, compare
from edgehuman.distill.qat.quantised import prepare
from edgehuman.export.graph.int8 import Target
from edgehuman.export.networks import random_network
from edgehuman.export.proof.samples import load_samples
from tests.distill.qat.nets import EVERY_FAMILY, made, traced

TARGETS: tuple[Target, ...] = ("cpu", "tensorrt")


def agreement(family: str, target: Target) -> Agreement:
    network, card, records = made(family)
    half = len(records) // 2
    module = prepare(network, card, target, records[:half], trace=traced)
    return compare(module, traced(module.network, card), records[half:])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("family", EVERY_FAMILY)
def test_layers_round_to_the_points_of_onnxruntime(family: str, target: Target) -> None:
    found = agreement(family, target)
    assert min(found.layers.values()) >= 0.999
    assert found.same >= 0.999
    assert found.given >= 0.999


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("family", ["imuconv", "imuvit"])
def test_outputs_of_shallow_networks_are_onnxruntimes(family: str, target: Target) -> None:
    assert agreement(family, target).output >= 0.999


@pytest.mark.longest
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "name", ["imuconv_292k", "imuvit_512x5", "gaitptv2_deep_1", "gaitset_small", "starnet_s3"]
)
def test_catalogued_networks_round_as_onnxruntime(name: str, target: Target) -> None:
    network, card = random_network(name, 0)
    records = load_samples(card, SIMULATED).array[:16]
    with torch.no_grad():
        network.train()(torch.from_numpy(records))
    module = prepare(network.eval(), card, target, records[:8], trace=traced)
    found = compare(module, traced(module.network, card), records[8:])
    assert module.plan.float_layers == ()
    assert min(found.layers.values()) >= 0.999
    assert found.same >= 0.999
    assert found.given >= 0.999


def test_a_wrong_zero_point_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgehuman.distill.qat.lsq import ActivationQuantiser

    right = ActivationQuantiser.bounds
    monkeypatch.setattr(
        ActivationQuantiser,
        "bounds",
        lambda self: (right(self)[0] - 2 * self.step().item(), right(self)[1]),
    )
    found = agreement("imuconv", "cpu")
    assert found.same < 0.9
