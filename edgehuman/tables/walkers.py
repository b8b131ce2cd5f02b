"""Every network of skeleton gait; part of `catalogue.NETWORKS`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edgehuman.tables.network import Network

_GAIT_SOURCE = "arXiv 2504.07598, table 2"


def _gait(
    family: str, build: str, params: int, params_paper: str, flops: int, **arguments: Any
) -> Network:
    return Network(
        build=build,
        arguments=arguments,
        family=family,
        modality="skeleton",
        input="SkeletonSequence",
        task="gait-embedding",
        method="contrastive",
        params=params,
        params_paper=params_paper,
        flops=flops,
        source=_GAIT_SOURCE,
    )


def _gaitpt_deep(scale: int, params: int, params_paper: str, flops: int) -> Network:
    """Deep & Thin: heads of 4 channels. Differences from the paper: nets/skeleton/gaitpt.py."""
    return _gait(
        "gaitptv2_deep",
        "edgehuman.nets.skeleton.gaitpt:GaitPt",
        params,
        params_paper,
        flops,
        widths=(4 * scale, 8 * scale, 16 * scale, 32 * scale),
        depths=(2, 2, 12, 2),
        heads=(scale, 2 * scale, 4 * scale, 8 * scale),
        output=32 * scale,
        frames=48,
    )


def _gaitpt_wide(scale: int, params: int, params_paper: str, flops: int) -> Network:
    """Shallow & Wide: heads of 16 channels."""
    return _gait(
        "gaitptv2_wide",
        "edgehuman.nets.skeleton.gaitpt:GaitPt",
        params,
        params_paper,
        flops,
        widths=(16 * scale, 64 * scale, 64 * scale, 128 * scale),
        depths=(2, 2, 4, 1),
        heads=(scale, 4 * scale, 4 * scale, 8 * scale),
        output=64 * scale,
        frames=32,
    )


def _gaitformer(scale: int, params: int, params_paper: str, flops: int) -> Network:
    return _gait(
        "gaitformer",
        "edgehuman.nets.skeleton.gaitformer:GaitFormer",
        params,
        params_paper,
        flops,
        width=64 * scale,
        depth=9,
        heads=4 * scale,
        frames=32,
    )


def _gaitbody(scale: int, params: int, flops: int) -> Network:
    """A GaitFormer that sees the mirror image too, and the body's proportions beside."""
    row = _gaitformer(scale, params, "-", flops)
    return replace(
        row,
        family="gaitbody",
        build="edgehuman.nets.skeleton.gaitbody:GaitBody",
        arguments={**row.arguments, "frames": 24},
        source="edgehuman's own: a GaitFormer, its answer for the mirror image, and proportions",
        begins=f"gaitformer_{scale}",
    )


GAIT_NETWORKS: Mapping[str, Network] = {
    "gaitptv2_deep_1": _gaitpt_deep(1, 154_628, "154,696", 36_302_080),
    "gaitptv2_deep_2": _gaitpt_deep(2, 607_416, "607,484", 145_180_672),
    "gaitptv2_deep_3": _gaitpt_deep(4, 2_408_288, "2,408,356", 580_667_392),
    "gaitptv2_deep_4": _gaitpt_deep(6, 5_402_888, "5,402,956", 1_306_460_160),
    "gaitptv2_deep_5": _gaitpt_deep(8, 9_591_216, "9,591,284", 2_322_558_976),
    "gaitptv2_deep_6": _gaitpt_deep(12, 21_549_056, "21,549,124", 5_225_674_752),
    "gaitptv2_deep_7": _gaitpt_deep(16, 38_281_808, "38,281,876", 9_290_014_720),
    "gaitptv2_wide_1": _gaitpt_wide(1, 1_194_144, "1,194,144", 245_470_208),
    "gaitptv2_wide_2": _gaitpt_wide(2, 4_754_208, "4,754,208", 981_807_104),
    "gaitptv2_wide_3": _gaitpt_wide(3, 10_680_736, "10,680,736", 2_209_010_688),
    "gaitptv2_wide_4": _gaitpt_wide(4, 18_973_728, "18,973,728", 3_927_080_960),
    "gaitptv2_wide_5": _gaitpt_wide(5, 29_633_184, "29,633,184", 6_136_017_920),
    "gaitptv2_wide_6": _gaitpt_wide(6, 42_659_104, "42,659,104", 8_835_821_568),
    "gaitptv2_wide_7": _gaitpt_wide(7, 58_051_488, "58,051,488", 12_026_491_904),
    "gaitformer_1": _gaitformer(1, 605_008, "605,008", 39_089_152),
    "gaitformer_2": _gaitformer(2, 2_402_688, "2,402,688", 156_061_696),
    "gaitformer_3": _gaitformer(3, 5_393_328, "5,393,328", 350_917_632),
    "gaitformer_4": _gaitformer(4, 9_576_928, "9,576,928", 623_656_960),
    "gaitformer_5": _gaitformer(5, 14_953_488, "14,953,488", 974_279_680),
    "gaitformer_6": _gaitformer(6, 21_523_008, "21,523,008", 1_402_785_792),
    "gaitformer_7": _gaitformer(7, 29_285_488, "29,285,488", 1_909_175_296),
    "gaitbody_1": _gaitbody(1, 605_008, 59_225_088),
}
