"""What holds for every silhouette network: shapes, masks, sets, and the sizes of the paper."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from edgehuman import catalogue
from edgehuman.errors import UsageError
from edgehuman.nets.building import build, count_flops, count_params
from edgehuman.nets.silhouette.deepgaitv2 import DeepGaitV2
from edgehuman.nets.silhouette.gaitbase import GaitBase
from edgehuman.nets.silhouette.gaitgl import GaitGl
from edgehuman.nets.silhouette.gaitpart import GaitPart
from edgehuman.nets.silhouette.gaitset import GaitSet
from edgehuman.nets.silhouette.network import FramePart, HeadPart, SetNet, SilhouetteNet, middle
from edgehuman.nets.silhouette.smplgait import SmplGait
from tests.nets.silhouette.recipe import (
    FIRST,
    LARGE,
    WIDE,
    WITHOUT_IDS,
    reference_network,
    summary,
    waves,
)

NAMES = list(catalogue.networks_of("silhouette"))
STAGES = ((4, 4), (4, 4), (8, 8))


def small() -> dict[str, SilhouetteNet]:
    """A narrow network of each kind, seeded, with five identities where it takes any."""
    torch.manual_seed(0)
    return {
        "gaitset": GaitSet((4, 4, 8), width=4),
        "gaitset, normed": GaitSet((4, 4, 8), width=4, norm=True),
        "smplgait": SmplGait(STAGES, width=4, num_ids=5),
        "gaitbase": GaitBase((4, 4, 8, 8), width=4, num_ids=5),
        "gaitpart": GaitPart(STAGES),
        "gaitgl": GaitGl((4, 4, 8), num_ids=5),
        "gaitgl, deep": GaitGl((4, 4, 4, 8), depth=2, strips=2, bnneck=True, num_ids=5),
        "deepgaitv2": DeepGaitV2((4, 4, 8, 8), (1, 2, 1, 1), width=4, num_ids=5),
    }


SMALL = {name: network.eval() for name, network in small().items()}
SETS = [name for name, network in SMALL.items() if isinstance(network, SetNet)]


def raw(number: int = 2, frames: int = 6) -> Tensor:
    """Silhouettes as records: uint8 (N, T, 64, 64), 0 or 255."""
    random = torch.Generator().manual_seed(1)
    return (torch.rand(number, frames, 64, 64, generator=random) > 0.5).to(torch.uint8) * 255


def test_sizes_are_those_of_the_reference() -> None:
    said = summary()
    for arch, name in {
        **{arch: row[0] for arch, row in {**FIRST, **LARGE}.items()},
        **WIDE,
    }.items():
        own = said[name]
        with torch.device("meta"):
            network = build(arch, num_ids=_ids(name))
        assert isinstance(network, SilhouetteNet)
        head = own["heads"].get("Bn", 0) + next(iter(own["heads"].values()))
        assert count_params(network) == own["full"], arch
        assert count_params(network.head) == head, arch
        assert catalogue.NETWORKS[arch].params == own["backbone"] + head, arch
        assert list(network.features) == own["feat"], arch
        assert [network.width, network.parts] == own["emb"], arch


@pytest.mark.parametrize(
    ("arch", "name"),
    [
        *WIDE.items(),
        *(pytest.param(arch, LARGE[arch][0], marks=pytest.mark.long) for arch in LARGE),
    ],
)
def test_every_width_has_the_numbers_of_its_configuration(arch: str, name: str) -> None:
    said, network, sils_NTHW = summary()[name], reference_network(arch), waves()
    with torch.inference_mode():
        features_NCP = network.backbone(sils_NTHW)
        embedding_NDP = network.head(features_NCP)
    found = (features_NCP.mean(), features_NCP.std(), embedding_NDP.std())
    expected = [said[key] for key in ("f_mean", "f_std", "e_std")]
    assert [float(each) for each in found] == pytest.approx(expected, rel=1e-6)


def _ids(name: str) -> int:
    if name.startswith(WITHOUT_IDS):
        return 0
    return 20_000 if "grew" in name else 3_000


@pytest.mark.parametrize("name", NAMES)
def test_the_catalogue_counts_parameters_and_operations(name: str) -> None:
    row = catalogue.NETWORKS[name]
    with torch.device("meta"):
        network = build(name)
        flops = count_flops(network, torch.zeros(1, 30, 64, 64, dtype=torch.uint8))
    assert (count_params(network), flops) == (row.params, row.flops)


def test_the_student_is_under_two_megabytes_in_int8() -> None:
    assert catalogue.NETWORKS["gaitset_small"].params < 1_600_000


@pytest.mark.parametrize("name", SMALL)
def test_raw_silhouettes_to_parts(name: str) -> None:
    network, record_NTHW = SMALL[name], raw()
    sils_NTHW = record_NTHW[..., 10:54].float() / 255
    with torch.inference_mode():
        embedding_NPD = network(record_NTHW)
        features_NCP = network.backbone(sils_NTHW)
        assert features_NCP.shape == (2, *network.features)
        torch.testing.assert_close(embedding_NPD.transpose(1, 2), network.head(features_NCP))
        assert embedding_NPD.shape == (2, network.parts, network.width)
        assert torch.equal(network.forward_features(record_NTHW), embedding_NPD)
        torch.testing.assert_close(network(record_NTHW[1:]), embedding_NPD[1:])
    assert torch.equal(middle(record_NTHW), sils_NTHW)


@pytest.mark.parametrize("name", SMALL)
def test_a_mask_gives_what_the_frames_alone_give(name: str) -> None:
    network = SMALL[name]
    sils_NTHW = waves(2, 9)
    mask_NT = torch.ones(2, 9, dtype=torch.bool)
    mask_NT[1, 6:] = False
    with torch.inference_mode():
        found = network.backbone(sils_NTHW, mask_NT)
        torch.testing.assert_close(found[:1], network.backbone(sils_NTHW[:1]))
        torch.testing.assert_close(found[1:], network.backbone(sils_NTHW[1:, :6]))
        unmasked = network.backbone(sils_NTHW)
        assert not torch.allclose(found[1], unmasked[1])


@pytest.mark.parametrize("name", SMALL)
def test_a_mask_may_be_numbers_and_one_of_other_sequences_is_refused(name: str) -> None:
    network, sils_NTHW = SMALL[name], waves(2, 9)
    mask_NT = torch.ones(2, 9, dtype=torch.bool)
    mask_NT[1, 6:] = False
    with torch.inference_mode():
        expected = network.backbone(sils_NTHW, mask_NT)
        for kind in (torch.int64, torch.float32, torch.uint8):
            assert torch.equal(network.backbone(sils_NTHW, mask_NT.to(kind)), expected)
        with pytest.raises(UsageError, match=r"the mask is \(1, 9\)"):
            network.backbone(sils_NTHW, mask_NT[:1])
        gap_NT = mask_NT.roll(1, dims=1)
        if isinstance(network, SetNet):
            network.backbone(sils_NTHW, gap_NT)
        else:
            with pytest.raises(UsageError, match="put the frames that count first"):
                network.backbone(sils_NTHW, gap_NT)


@pytest.mark.parametrize("name", SETS)
def test_of_a_set_the_running_maximum_is_enough_in_any_order(name: str) -> None:
    network = SMALL[name]
    assert isinstance(network, SetNet)
    record_NTHW = raw(1, 5)
    first, rest = FramePart(network), HeadPart(network)
    with torch.inference_mode():
        whole_NPD = network(record_NTHW)
        running_1M = first(record_NTHW[0, :1])
        for t in (3, 1, 4, 2):
            running_1M = torch.maximum(running_1M, first(record_NTHW[0, t : t + 1]))
        torch.testing.assert_close(rest(running_1M), whole_NPD, atol=1e-6, rtol=1e-6)
        mixed = network(record_NTHW[:, [4, 0, 2, 1, 3]])
    torch.testing.assert_close(mixed, whole_NPD, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", [name for name in SMALL if name not in SETS])
def test_the_others_see_the_order(name: str) -> None:
    network, record_NTHW = SMALL[name], raw(1, 9)
    with torch.inference_mode():
        mixed = network(record_NTHW[:, [4, 0, 8, 2, 7, 1, 3, 6, 5]])
        assert not torch.allclose(mixed, network(record_NTHW))


def test_too_few_frames_are_refused() -> None:
    network = SMALL["gaitgl"]
    with pytest.raises(UsageError, match="2 silhouettes, but this network needs at least 3"):
        network(raw(1, 2))
    mask_NT = torch.tensor([[True] * 6, [True] * 2 + [False] * 4])
    with pytest.raises(UsageError, match="a sequence of 2 silhouettes"):
        network.backbone(waves(2, 6), mask_NT)
    with pytest.raises(UsageError, match="a sequence of 0 silhouettes"):
        SMALL["gaitset"](raw(1, 0))


@pytest.mark.parametrize("name", SMALL)
def test_logits_need_identities(name: str) -> None:
    network = SMALL[name]
    embedding_NDP = torch.randn(2, network.width, network.parts)
    if network.num_ids:
        assert network.logits(embedding_NDP).shape == (2, 5, network.parts)
    else:
        with pytest.raises(UsageError, match="build it with num_ids above 0"):
            network.logits(embedding_NDP)


@pytest.mark.parametrize("name", SMALL)
def test_every_weight_learns(name: str) -> None:
    network = small()[name].train()
    sils_NTHW = waves(3, 6)
    embedding_NDP = network.head(network.backbone(sils_NTHW))
    total = embedding_NDP.square().mean()
    if network.num_ids:
        total = total + network.logits(embedding_NDP)[:, 0].square().mean()
    total.backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, key
        assert bool(parameter.grad.isfinite().all()), key
        assert bool(parameter.grad.abs().sum() > 0), key
