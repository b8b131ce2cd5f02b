"""The weights are found whatever holds them, and what was taken is said."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from edgehuman.errors import CheckpointError, UsageError
from edgehuman.nets.wrappings import find, is_head, score_of

State = dict[str, Tensor]
OWN: State = {
    "stem.weight": torch.ones(2, 3),
    "blocks.0.weight": torch.ones(3),
    "blocks.0.bias": torch.ones(3),
}
find_own = partial(find, score=partial(score_of, OWN), where="x.pth")


def prefixed(prefix: str, state: Mapping[str, Tensor] = OWN, times: float = 1) -> State:
    return {f"{prefix}{name}": times * tensor for name, tensor in state.items()}


def value(found: Any) -> float:
    return float(found.tensors["stem.weight"][0, 0])


@pytest.mark.parametrize(
    "key",
    ["state_dict", "model", "module", "teacher", "student", "state_dict_ema", "model_ema", "ema",
     "net", "network", "model_state_dict", "weights", "generator", "a name of its own"],
)  # fmt: skip
def test_any_name_of_a_state_dict_is_found(key: str) -> None:
    found = find_own({"epoch": 3, "optimizer": {"lr": 0.1, "state": {0: {"step": 1}}}, key: OWN})
    assert (found.key, found.prefix, found.others) == (key, "", ())
    assert found.tensors.keys() == OWN.keys()
    assert found.in_words() == [f"weights: {key}"]


@pytest.mark.parametrize(
    "prefix",
    ["model.", "encoder.", "image_encoder.", "backbone.", "visual.", "net.", "base.", "trunk.",
     "my.own.deep.prefix.", "0.", "module.backbone.", "_orig_mod.encoder.", "student.backbone."],
)  # fmt: skip
def test_any_prefix_is_removed_and_what_lies_beside_it_left_out(prefix: str) -> None:
    beside = {"classifier.weight": torch.ones(2), "logit_scale": torch.ones(())}
    found = find_own({"state_dict": {**prefixed(prefix), **beside}})
    assert found.tensors.keys() == OWN.keys()
    assert found.beside == tuple(beside)
    kept = prefix.replace("module.", "").replace("_orig_mod.", "")
    assert found.in_words()[-1] == f"names without their prefix {kept}"


@pytest.mark.parametrize(
    "word", ["module.", "_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module."]
)
def test_what_wrappers_put_into_names_goes_wherever_it_is(word: str) -> None:
    inside = {name.replace("blocks.0.", f"blocks.0.{word}"): OWN[name] for name in OWN}
    for state in (prefixed(word), prefixed(f"{word}module."), prefixed(word, inside)):
        found = find_own(state)
        assert (found.tensors.keys(), found.prefix) == (OWN.keys(), "")
        assert found.in_words() == []


def test_nested_twice_and_in_lists() -> None:
    assert find_own({"checkpoint": {"ema": {"state_dict": OWN}}}).key == "checkpoint.ema.state_dict"
    assert find_own({"models": [{"a": torch.ones(1)}, OWN]}).key == "models.1"


@pytest.mark.parametrize(
    ("state", "label"),
    [
        ({"model": OWN, "model_ema": prefixed("", times=2)}, "model_ema"),
        ({"state_dict": OWN, "state_dict_ema": prefixed("", times=2)}, "state_dict_ema"),
        ({"model": prefixed("module."), "ema": {"ema": prefixed("", times=2)}}, "ema.ema"),
        ({"student": OWN, "teacher": prefixed("", times=2)}, "teacher"),
        ({"net": OWN, "netEMA": prefixed("", times=2)}, "netEMA"),
        ({"model": {**OWN, **prefixed("ema_model.", times=2)}}, "model.ema_model"),
        ({"model_schema": OWN, "swa": prefixed("", times=2)}, "swa"),
        ({"student": OWN, "model": prefixed("", times=2)}, "model"),
        ({"encoder_k": OWN, "encoder_q": prefixed("", times=2)}, "encoder_q"),
        ({"target_encoder": OWN, "online_encoder": prefixed("", times=2)}, "online_encoder"),
    ],
)
def test_of_several_the_moving_average_is_taken_and_the_others_are_named(
    state: dict[str, Any], label: str
) -> None:
    found = find_own(state)
    assert (found.label, value(found)) == (label, 2)
    assert len(found.others) == 1
    assert f"weights: {label}" in found.in_words()[0]
    assert "would fit as well: --which NAME takes it" in found.in_words()[0]


def test_a_moving_average_that_lacks_weights_is_not_taken() -> None:
    part = {name: tensor for name, tensor in OWN.items() if "bias" not in name}
    found = find_own({"model": OWN, "model_ema": part})
    assert (found.key, found.others) == ("model", ())


def test_of_two_sizes_the_one_with_the_networks_shapes_is_taken() -> None:
    larger = {name: torch.ones(9, *tensor.shape) for name, tensor in OWN.items()}
    assert find_own({"teacher": larger, "student": OWN}).key == "student"


def test_which_chooses() -> None:
    state = {"model": OWN, "model_ema": prefixed("", times=2), "net": prefixed("ema.", times=3)}
    assert value(find_own(state, which="model")) == 1
    assert value(find_own(state, which="net")) == 3
    assert value(find_own(state, which="net.ema")) == 3
    assert value(find_own(state, which="ema.")) == 3
    with pytest.raises(UsageError, match=r"--which mod: x\.pth holds no such .* model, model_ema"):
        find_own(state, which="mod")


def test_without_a_state_dict_the_file_says_what_it_holds() -> None:
    states: list[dict[str, Any]] = [{}, {"model": {}}, {"epoch": 3}, {"a": {0: torch.ones(1)}}]
    for state in states:
        with pytest.raises(CheckpointError, match=r"x\.pth: holds no state dict \(it holds "):
            find_own(state)


def test_what_fits_nowhere_is_the_largest_without_its_common_prefix() -> None:
    other = prefixed("net.", {"c.d": OWN["stem.weight"], "e.f": OWN["stem.weight"]})
    found = find_own({"a": {"b": torch.ones(1)}, "model": other})
    assert (found.key, found.prefix) == ("model", "net.")
    assert find_own({"layer1.0.weight": torch.ones(1)}).prefix == ""


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("head.weight", True), ("projector.0.bias", True), ("classifier.1.weight", True),
        ("fc.weight", True), ("proj_head.weight", True), ("blocks.1.weight", False),
        ("blocks.0.head.weight", False), ("norm_pre.weight", False), ("reg_token", False),
        ("fc1.weight", False), ("stage.weight", False),
    ],
)  # fmt: skip
def test_heads_are_modules_of_their_own(name: str, is_one: bool) -> None:
    assert is_head(name, OWN) == is_one
