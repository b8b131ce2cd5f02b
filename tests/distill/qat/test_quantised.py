from __future__ import annotations

import copy
import os
import signal
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from edgehuman.card import Card
from edgehuman.distill.qat.quantised import decay_scale, lr_scale, prepare
from edgehuman.errors import DataError
from edgehuman.export.graph.int8 import Target
from edgehuman.nets.checkpoint import load_into
from edgehuman.training.checkpoint import load_state
from edgehuman.training.loop import train_steps
from edgehuman.training.optimiser import make_optimiser
from tests.distill.qat.nets import made, traced
from tests.distill.qat.training import Learner, config, job_of, quantised

TARGETS: tuple[Target, ...] = ("cpu", "tensorrt")


@pytest.mark.parametrize("target", TARGETS)
def test_a_short_training_learns_on_the_grid(tmp_path: Path, target: Target) -> None:
    module = quantised(target)
    norms = {name: value.clone() for name, value in module.network.named_buffers()}
    before = {name: value.detach().clone() for name, value in module.named_parameters()}
    losses = [row["loss"] for row in train_steps(job_of(module), config(tmp_path / "run")).records]
    assert losses[-1] < 0.7 * losses[0]
    assert all(torch.equal(norms[name], value) for name, value in module.network.named_buffers())
    learnt = {name for name, value in module.named_parameters() if not value.equal(before[name])}
    still = {name for name, each in module.named_parameters() if not each.requires_grad}
    assert set(before) - learnt <= still | {n for n in before if n.endswith("offset")}
    limit = 64 if target == "cpu" else 127
    deployed = module.deployed()
    for name in module.weights:
        step_C = module.weight(name).step().detach()
        weight = deployed.get_parameter(name).detach()
        steps = (weight.flatten(1) / step_C[:, None]).numpy()
        np.testing.assert_allclose(steps, np.rint(steps), atol=1e-4)
        assert np.abs(steps).max() <= limit + 1e-4
    # The module computes with these weights already.
    records = torch.from_numpy(made("imuconv")[2])
    answer = module.eval()(records)
    load_into(module.network, deployed.state_dict(), "the deployed network")
    torch.testing.assert_close(module(records), answer)


def test_resuming_repeats_the_uninterrupted_run_bit_for_bit(tmp_path: Path) -> None:
    train_steps(job_of(quantised()), config(tmp_path / "whole"))

    def stop(step: int) -> None:
        if step == 37:  # when oscillations are watched already
            os.kill(os.getpid(), signal.SIGTERM)

    assert train_steps(job_of(quantised(), stop), config(tmp_path / "parted")).step == 38
    train_steps(job_of(quantised()), config(tmp_path / "parted", resume=True))
    whole, parted = (load_state(tmp_path / name)["model"] for name in ("whole", "parted"))
    assert any("log2_step" in name for name in whole)
    assert any("often" in name for name in whole)
    assert all(torch.equal(whole[name], parted[name]) for name in whole)


def test_the_original_stays_and_a_copy_is_its_own() -> None:
    network, card, records = made("imuconv")
    before = copy.deepcopy(network.state_dict())
    module = prepare(network, card, "cpu", records, trace=traced)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert list(module.network.state_dict()) == list(before)
    other, batch = copy.deepcopy(module), torch.from_numpy(records)
    with torch.no_grad():
        expected = module(batch)
        other.activation(other.tensors[0]).log2_step.add_(3)
        other.network.get_parameter("head.weight").zero_()
        assert torch.equal(module(batch), expected)
        assert not torch.equal(other(batch), expected)


def test_steps_learn_slower_and_do_not_decay(tmp_path: Path) -> None:
    learner = Learner(quantised())
    groups = make_optimiser(learner, config(tmp_path), lr_scale, decay_scale).param_groups
    steps = {
        id(each)
        for name, each in learner.named_parameters()
        if name.endswith(("log2_step", "offset"))
    }
    assert len(steps) > 20
    slow = [group for group in groups if group["lr_scale"] == 0.1]
    assert {id(each) for group in slow for each in group["params"]} == steps
    assert {group["weight_decay"] for group in slow} == {0.0}
    # A network's own parameter of such a name is a weight like any other.
    assert lr_scale("classifier.network.offset") == 1.0


def test_under_autocast_rounding_is_in_float32() -> None:
    module, records = quantised().eval(), torch.from_numpy(made("imuconv")[2])
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16), module.rounding() as rounding:
        module.network(records)
    for name, kept in rounding.kept.items():
        steps = (kept / module.activation(name).step().detach()).numpy()
        assert kept.dtype == torch.float32
        np.testing.assert_allclose(steps, np.rint(steps), atol=1e-3)


def test_layers_that_run_otherwise_than_in_the_graph_stay_in_float() -> None:
    network, card, records = made("imuconv")

    class Twice(torch.nn.Module):
        """Runs its head once more than the graph that it is given."""

        def __init__(self) -> None:
            super().__init__()
            self.part: torch.nn.Module = copy.deepcopy(network)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.part.get_submodule("head")(torch.zeros(1, 24))
            return self.part(x)  # type: ignore[no-any-return]

    def trace(each: torch.nn.Module, card: Card) -> onnx.ModelProto:
        return traced(each.get_submodule("part"), card)

    module = prepare(Twice(), card, "cpu", records, trace=trace)
    assert "part.head.weight" not in module.weights
    assert any(said.startswith("stay in float: head/Gemm") for said in module.remarks)


def test_no_records_is_an_error() -> None:
    network, card, records = made("imuconv")
    with pytest.raises(DataError, match="no records to calibrate"):
        prepare(network, card, "cpu", records[:0], trace=traced)
