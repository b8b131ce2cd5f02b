"""OpenGait's names of our weights: order and shapes, there and back, every tensor accounted for."""

from __future__ import annotations

import json

import pytest
import torch

from edgehuman.errors import CheckpointError, UsageError
from edgehuman.nets.silhouette import opengait
from edgehuman.nets.silhouette.gaitset import GaitSet
from edgehuman.nets.silhouette.smplgait import SmplGait
from tests.nets.silhouette.recipe import FIRST, filled, reference, summary
from tests.nets.silhouette.test_network import small

# Of this file alone: weights are loaded into them.
SMALL = {name: network.eval() for name, network in small().items()}
KNOWN = [name for name in SMALL if "normed" not in name]


@pytest.mark.parametrize("name", KNOWN)
def test_there_and_back(name: str) -> None:
    network = SMALL[name]
    state = filled(opengait.to_opengait(network))
    taken = opengait.from_opengait(network, state, "made")
    assert taken.dropped == ()
    own = network.state_dict()
    assert {k: v.shape for k, v in taken.weights.items()} == {k: v.shape for k, v in own.items()}
    try:
        network.load_state_dict(taken.weights)
        back = opengait.to_opengait(network)
    finally:
        network.load_state_dict(own)
    assert list(back) == list(state)
    assert all(torch.equal(back[key], state[key]) for key in state)


@pytest.mark.parametrize("arch", FIRST)
def test_names_order_and_shapes_are_those_of_opengait(arch: str) -> None:
    from edgehuman.nets.building import build

    found = reference(FIRST[arch][0])
    with torch.device("meta"):
        network = build(arch, num_ids=50)
        own = opengait.to_opengait(network)  # type: ignore[arg-type]
    expected = [(name, tuple(shape)) for name, shape in json.loads(str(found["keys"]))]
    assert [(name, tuple(tensor.shape)) for name, tensor in own.items()] == expected


def test_the_wide_networks_have_as_many_tensors_as_opengait_s() -> None:
    from edgehuman.nets.building import build

    said = summary()
    for arch, name in (
        ("gaitset_wide", "gaitset_grew"),
        ("gaitpart_wide", "gaitpart_grew"),
        ("gaitgl_wide", "gaitgl_grew"),
        ("baseline_wide", "baseline_grew_plain"),
        ("deepgaitv2", "deepgaitv2_p3d_gait3d"),
    ):
        with torch.device("meta"):
            network = build(arch, num_ids=50)
            assert len(opengait.to_opengait(network)) == said[name]["nkeys"]  # type: ignore[arg-type]


def test_identities_are_left_out_by_name() -> None:
    state = filled(opengait.to_opengait(SMALL["smplgait"]))
    without = SmplGait(((4, 4), (4, 4), (8, 8)), width=4)
    taken = opengait.from_opengait(without, state, "made")
    assert taken.dropped[0] == "BNNecks.fc_bin"
    assert len(taken.dropped) == 6
    assert set(taken.weights) == set(without.state_dict())
    assert opengait.identities_in(state) == 5
    assert opengait.identities_in({}) == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Head.fc_bin": None}, "Head.fc_bin is missing"),
        ({"fc1.weight": torch.zeros(2)}, "fc1.weight is unknown"),
        ({"Head.other": torch.zeros(2)}, "Head.other is unknown"),
        ({"Head.fc_bin": torch.zeros(62, 8, 5)}, r"Head.fc_bin is \(62, 8, 5\), not \(62, 8, 4\)"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, torch.Tensor | None], said: str) -> None:
    network = SMALL["gaitset"]
    state = {**opengait.to_opengait(network), **change}
    held = {key: tensor for key, tensor in state.items() if tensor is not None}
    with pytest.raises(CheckpointError, match=f"x.pt: holds another network: {said}.*It fits A"):
        opengait.from_opengait(network, held, "x.pt", "It fits A")


def test_the_model_of_a_file() -> None:
    network = SMALL["gaitset"]
    state = opengait.to_opengait(network)
    wrapped = {f"module.{name}": tensor for name, tensor in state.items()}
    for held in (state, wrapped, {"model": wrapped, "iteration": 5}, {"net": {**state, "lr": 0.1}}):
        found = opengait.model_of(held, network, "x")
        assert found.tensors.keys() == state.keys()
        assert opengait.fits(network, found.tensors)
    with pytest.raises(CheckpointError, match=r"x: holds no state dict \(it holds model\)"):
        opengait.model_of({"model": {}}, network, "x")


def test_another_projects_head_is_left_out_by_name() -> None:
    network = SMALL["gaitset"]
    state = {**opengait.to_opengait(network), "projector.0.weight": torch.zeros(2, 2)}
    assert opengait.fits(network, state)
    assert opengait.from_opengait(network, state, "x").dropped == ("projector.0.weight",)


def test_a_network_of_our_own_has_no_names_there() -> None:
    with pytest.raises(UsageError, match="is not a network of OpenGait"):
        opengait.pairs(GaitSet((4, 4, 8), width=4, norm=True))
