"""Every network: its builder, size and source.

Available as `catalogue.NETWORKS`; kept in its own file for readability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from edgehuman.tables.network import Network
from edgehuman.tables.walkers import GAIT_NETWORKS

Source = Literal["timm", "tinyvit", "starnet", "dino", "mae"]
"""Projects whose published weights `edgehuman import` reads."""


_IMUVIT_SOURCE = (
    "Scaling laws in wearable human activity recognition, arXiv 2502.03364, section 3.2"
)
_IMU = {"modality": "imu", "input": "ImuWindow", "task": "activity"}
_IMUVIT: dict[str, str] = {**_IMU, "family": "imuvit", "method": "mae", "source": _IMUVIT_SOURCE}
_IMUCONV: dict[str, str] = {**_IMU, "family": "imuconv", "method": "none", "params_paper": "-"}


def _imuvit(
    mlp_width: int, depth: int, params: int, params_paper: str, flops: int, heads: int = 8
) -> Network:
    """The paper's have 8 heads; smaller ones than the paper's have heads of 8 channels."""
    return Network(
        "edgehuman.nets.imu.imuvit:ImuVit",
        {"width": mlp_width // 4, "depth": depth, "mlp_width": mlp_width, "heads": heads},
        params=params,
        params_paper=params_paper,
        flops=flops,
        **_IMUVIT,
    )


def _imuconv(
    params: int, flops: int, said: str, widths: Sequence[int] = (64, 96, 128), **arguments: Any
) -> Network:
    return Network(
        "edgehuman.nets.imu.imuconv:ImuConv",
        {"widths": widths, "blocks": 1, "kernel": 5, **arguments},
        params=params,
        flops=flops,
        source=f"edgehuman's own: {said}",
        **_IMUCONV,
    )


def _person(
    build: str, params: int, params_paper: str, flops: int, source: str, **arguments: Any
) -> Network:
    """A network for person images; flops are counted at 256x128."""
    return Network(
        build=build,
        arguments=arguments,
        family=build.partition(":")[0].rpartition(".")[2],
        modality="image",
        input="PersonCrop",
        task="person-embedding",
        method="saip",
        params=params,
        params_paper=params_paper,
        flops=flops,
        source=source,
    )


def _starnet(
    params: int, paper: str, flops: int, width: int, depths: Sequence[int], **arguments: Any
) -> Network:
    source = "Rewrite the stars, arXiv 2403.19967, section 4 and its published code"
    build, paper = "edgehuman.nets.image.starnet:StarNet", f"{paper} with its classifier"
    arguments = {"width": width, "depths": depths, "kernel": 7, **arguments}
    return _person(build, params, paper, flops, source, **arguments)


_OPENGAIT = "OpenGait configuration"


def _silhouette(
    build: str,
    params: int,
    params_paper: str,
    flops: int,
    source: str,
    method: str = "diffusion",
    **arguments: Any,
) -> Network:
    """A network for silhouettes, backbone and head; flops are counted for 30 frames."""
    family = build.partition(":")[0]
    return Network(
        build=f"edgehuman.nets.silhouette.{build}",
        arguments=arguments,
        family=family,
        modality="silhouette",
        input="SilhouetteSequence",
        task="gait-embedding",
        method=method,
        params=params,
        params_paper=params_paper,
        flops=flops,
        source=source,
    )


_PLAIN_WIDE = ((32, 32), (64, 64), (128, 128, 256, 256))
_GAITGL_WIDE: Mapping[str, Any] = {"channels": (32, 64, 128, 256), "depth": 2, "strips": 2}
_SETS = f"arXiv 1811.06186; {_OPENGAIT}"
_PARTS = f"GaitPart, CVPR 2020; {_OPENGAIT}"
_GLOBAL_LOCAL = f"arXiv 2011.01461; {_OPENGAIT}"
_DEEP = f"arXiv 2303.03301; {_OPENGAIT}"
_VIT = "edgehuman.nets.image.vit:Vit"
_VIT_SOURCE = "arXiv 2010.11929, sizes of DeiT, arXiv 2012.12877, table 1"
_TINYVIT = "edgehuman.nets.image.tinyvit:TinyVit"
_TINYVIT_SOURCE = "TinyViT, arXiv 2207.10666, section 3.2; windows of 8, 8 and 4 cells"

NETWORKS: Mapping[str, Network] = {
    "imuvit_64x2": _imuvit(64, 2, 7_376, "-", 573_440, heads=2),
    "imuvit_128x3": _imuvit(128, 3, 39_744, "-", 2_850_816, heads=4),
    "imuvit_128x5": _imuvit(128, 5, 65_152, "-", 4_685_824, heads=4),
    "imuvit_256x3": _imuvit(256, 3, 153_216, "-", 10_420_224),
    "imuvit_256x5": _imuvit(256, 5, 253_184, "-", 17_235_968),
    "imuvit_512x5": _imuvit(512, 5, 997_888, "1M", 65_929_216),
    "imuvit_512x10": _imuvit(512, 10, 1_989_248, "2M", 131_465_216),
    "imuvit_512x20": _imuvit(512, 20, 3_971_968, "about 5M (a reading of a log axis)", 262_537_216),
    "imuvit_1024x5": _imuvit(1024, 5, 3_961_856, "about 5M (a reading of a log axis)", 257_687_552),
    "imuvit_1024x10": _imuvit(
        1024, 10, 7_910_656, "about 10M (a reading of a log axis)", 514_588_672
    ),
    "imuvit_1024x20": _imuvit(1024, 20, 15_808_256, "20M", 1_028_390_912),
    "imuvit_2048x5": _imuvit(2048, 5, 15_788_032, "20M", 1_018_691_584),
    "imuvit_2048x10": _imuvit(2048, 10, 31_549_952, "at least 30M", 2_035_810_304),
    "imuvit_2048x20": _imuvit(2048, 20, 63_073_792, "63M", 4_070_047_744),
    "imuconv_288k": _imuconv(
        286_656, 16_220_160, "small residual convolutions for the device, trained from scratch"
    ),
    "imuconv_292k": _imuconv(
        292_032,
        16_908_288,
        "imuconv_288k with the parts along and across gravity too, for any mounting",
        gravity=True,
    ),
    "imuconv_4m": _imuconv(
        4_501_248, 251_265_024, "imuconv_288k four times as wide, to teach it", (256, 384, 512)
    ),
    "vit_tiny": _person(
        _VIT, 5_511_360, "5.5M", 1_560_683_520, _VIT_SOURCE, width=192, depth=12, heads=3
    ),
    "starnet_s100": _starnet(882_280, "1.04M", 242_241_536, 20, (1, 2, 4, 1)),
    "starnet_s100_k3": _starnet(835_880, "1.04M in 7x7", 221_761_536, 20, (1, 2, 4, 1), kernel=3),
    "starnet_s150": _starnet(1_367_616, "1.56M", 296_730_624, 24, (1, 2, 4, 2), mlp_ratio=3),
    "starnet_s3": _starnet(5_493_792, "5.8M", 984_481_792, 32, (2, 2, 8, 4)),
    "tinyvit_5m": _person(
        _TINYVIT,
        5_067_264,
        "5.4M with its classifier",
        1_579_274_240,
        _TINYVIT_SOURCE,
        widths=(64, 128, 160, 320),
        windows=(8, 8, 4),
    ),
    "vit_small": _person(
        _VIT, 21_639_552, "22M", 5_860_509_696, _VIT_SOURCE, width=384, depth=12, heads=6
    ),
    "vit_base": _person(
        _VIT, 85_746_432, "86M", 22_677_590_016, _VIT_SOURCE, width=768, depth=12, heads=12
    ),
    "tinyvit_11m": _person(
        _TINYVIT,
        10_540_832,
        "11M with its classifier",
        2_532_888_576,
        _TINYVIT_SOURCE,
        widths=(64, 128, 256, 448),
        windows=(8, 8, 4),
    ),
    "tinyvit_21m": _person(
        _TINYVIT,
        20_611_056,
        "21M with its classifier",
        5_401_915_392,
        _TINYVIT_SOURCE,
        widths=(96, 192, 384, 576),
        windows=(8, 8, 4),
    ),
    **GAIT_NETWORKS,
    "gaitset": _silhouette(
        "gaitset:GaitSet", 2_594_592, "2,594,592", 6_523_486_208, f"{_SETS} for CASIA-B and Gait3D"
    ),
    "gaitset_wide": _silhouette(
        "gaitset:GaitSet",
        6_313_536,
        "6,313,536",
        25_815_482_368,
        f"{_SETS} for GREW and OUMVLP",
        channels=(64, 128, 256),
    ),
    "gaitset_small": _silhouette(
        "gaitset:GaitSet",
        889_464,
        "-",
        3_693_662_208,
        "edgehuman's own: a GaitSet for the device, with batch norms that fold into INT8",
        channels=(24, 48, 96),
        width=96,
        norm=True,
    ),
    "gaitpart": _silhouette(
        "gaitpart:GaitPart",
        1_204_000,
        "1,204,000",
        6_403_555_328,
        f"{_PARTS} for Gait3D",
    ),
    "gaitpart_wide": _silhouette(
        "gaitpart:GaitPart",
        4_841_248,
        "4,841,248",
        15_865_905_152,
        f"{_PARTS} for GREW and OUMVLP",
        stages=_PLAIN_WIDE,
        strips=(1, 1, 8),
    ),
    "gaitgl": _silhouette(
        "gaitgl:GaitGl",
        2_490_465,
        "27,066,465 with its classifier",
        25_235_259_392,
        f"{_GLOBAL_LOCAL} for CASIA-B and Gait3D",
    ),
    "gaitgl_wide": _silhouette(
        "gaitgl:GaitGl",
        11_193_697,
        "338,873,697 with its classifier",
        117_112_537_088,
        f"{_GLOBAL_LOCAL} for GREW and OUMVLP",
        **_GAITGL_WIDE,
    ),
    "gaitgl_wide_bnneck": _silhouette(
        "gaitgl:GaitGl",
        11_193_185,
        "338,905,953 with its classifier",
        117_112_537_088,
        f"{_GLOBAL_LOCAL} for GREW with a BNNeck",
        **_GAITGL_WIDE,
        bnneck=True,
    ),
    "smplgait": _silhouette(
        "smplgait:SmplGait",
        3_176_000,
        "26,999,872 with its classifier",
        25_188_564_992,
        f"arXiv 2204.02569 without its 3-D branch; {_OPENGAIT}: smplgait and baseline",
    ),
    "baseline_wide": _silhouette(
        "smplgait:SmplGait",
        2_219_808,
        "84,148,000 with its classifier",
        15_708_618_752,
        "Gait3D-Benchmark's baseline for GREW",
        stages=_PLAIN_WIDE,
        bins=(16,),
    ),
    "gaitbase": _silhouette(
        "gaitbase:GaitBase",
        6_994_112,
        "19,290,304 with its classifier",
        70_691_651_584,
        f"arXiv 2211.06597; {_OPENGAIT} for all its datasets",
    ),
    "deepgaitv2": _silhouette(
        "deepgaitv2:DeepGaitV2",
        13_195_968,
        "25,492,160 with its classifier",
        170_348_314_624,
        f"{_DEEP} for Gait3D and GREW",
    ),
    "deepgaitv2_short": _silhouette(
        "deepgaitv2:DeepGaitV2",
        8_028_096,
        "-",
        83_148_734_464,
        f"{_DEEP} for CASIA-B and OUMVLP",
        blocks=(1, 1, 1, 1),
    ),
}
