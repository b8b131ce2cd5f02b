"""Plain data: every network, method, dataset and task, each with its source."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgehuman.datasets import DATASETS, Dataset
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome

__all__ = [
    "DATASETS",
    "METHODS",
    "NETWORKS",
    "TASKS",
    "Dataset",
    "Method",
    "ModelsConfig",
    "Network",
    "Task",
    "find",
    "load_object",
    "models",
]


@dataclass(frozen=True, slots=True)
class Network:
    """One network.

    Attributes:
        build: dotted path `module:function` of its builder (torch).
        arguments: keyword arguments of the builder.
        family, modality, input: what it is and which record it begins at.
        task: the task it is catalogued for; person-embedding: its token, which the person tasks
            begin with.
        method: the pretraining method that goes with it; "none": trained from scratch.
        params: parameters of the encoder, counted by `edgehuman models --check`; tested.
        params_paper: what the source states.
        flops: multiply-adds x 2 of one sample through the encoder; tested.
        source: where it is from.
    """

    build: str
    arguments: Mapping[str, Any]
    family: str
    modality: str
    input: str
    task: str
    method: str
    params: int
    params_paper: str
    flops: int
    source: str


@dataclass(frozen=True, slots=True)
class Method:
    """One pretraining method: its config and the function that trains."""

    config: str
    train: str
    modality: str
    source: str


@dataclass(frozen=True, slots=True)
class Task:
    """One downstream task: its config and the function that fine-tunes."""

    config: str
    train: str
    modality: str


_IMUVIT_SOURCE = (
    "Scaling laws in wearable human activity recognition, arXiv 2502.03364, section 3.2"
)


def _imuvit(mlp_width: int, depth: int, params: int, params_paper: str, flops: int) -> Network:
    return Network(
        build="edgehuman.nets.imuvit:ImuVit",
        arguments={"width": mlp_width // 4, "depth": depth, "mlp_width": mlp_width},
        family="imuvit",
        modality="imu",
        input="ImuWindow",
        task="activity",
        method="mae",
        params=params,
        params_paper=params_paper,
        flops=flops,
        source=_IMUVIT_SOURCE,
    )


def _person(
    build: str, params: int, params_paper: str, flops: int, source: str, **arguments: Any
) -> Network:
    """A network of person images, counted at 256x128."""
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


_VIT = "edgehuman.nets.vit:Vit"
_VIT_SOURCE = "arXiv 2010.11929, sizes of DeiT, arXiv 2012.12877, table 1"
_TINYVIT = "edgehuman.nets.tinyvit:TinyVit"
_TINYVIT_SOURCE = "TinyViT, arXiv 2207.10666, section 3.2; windows of 8, 8 and 4 cells"

NETWORKS: Mapping[str, Network] = {
    "imuvit_512x5": _imuvit(512, 5, 994_816, "1M", 65_732_608),
    "imuvit_512x10": _imuvit(512, 10, 1_986_176, "2M", 131_268_608),
    "imuvit_512x20": _imuvit(512, 20, 3_968_896, "about 5M (a reading of a log axis)", 262_340_608),
    "imuvit_1024x5": _imuvit(1024, 5, 3_955_712, "about 5M (a reading of a log axis)", 257_294_336),
    "imuvit_1024x10": _imuvit(
        1024, 10, 7_904_512, "about 10M (a reading of a log axis)", 514_195_456
    ),
    "imuvit_1024x20": _imuvit(1024, 20, 15_802_112, "20M", 1_027_997_696),
    "imuvit_2048x5": _imuvit(2048, 5, 15_775_744, "20M", 1_017_905_152),
    "imuvit_2048x10": _imuvit(2048, 10, 31_537_664, "at least 30M", 2_035_023_872),
    "imuvit_2048x20": _imuvit(2048, 20, 63_061_504, "63M", 4_069_261_312),
    "imuconv_288k": Network(
        build="edgehuman.nets.imuconv:ImuConv",
        arguments={"widths": (64, 96, 128), "blocks": 1, "kernel": 5},
        family="imuconv",
        modality="imu",
        input="ImuWindow",
        task="activity",
        method="none",
        params=286_656,
        params_paper="-",
        flops=16_220_160,
        source="edgehuman's own: small residual convolutions for the device, trained from scratch",
    ),
    "vit_tiny": _person(
        _VIT, 5_511_360, "5.5M", 1_560_683_520, _VIT_SOURCE, width=192, depth=12, heads=3
    ),
    "starnet_s3": _person(
        "edgehuman.nets.starnet:StarNet",
        5_493_792,
        "5.8M with its classifier",
        984_481_792,
        "Rewrite the stars, arXiv 2403.19967, section 4",
        width=32,
        depths=(2, 2, 8, 4),
    ),
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
}

METHODS: Mapping[str, Method] = {
    "mae": Method(
        "edgehuman.pretrain.mae:MaeConfig",
        "edgehuman.pretrain.mae:train",
        "imu",
        "arXiv 2502.03364, section 3.3",
    ),
    "saip": Method(
        "edgehuman.pretrain.saip:SaipConfig",
        "edgehuman.pretrain.saip:train",
        "image",
        "arXiv 2503.08201",
    ),
}

TASKS: Mapping[str, Task] = {
    "activity": Task(
        "edgehuman.tasks.activity:ActivityConfig", "edgehuman.tasks.activity:train", "imu"
    ),
}


def find(table: Mapping[str, Any], kind: str, name: str) -> Any:
    """The row of that name.

    Raises:
        UsageError: there is none; the message lists the nearest and all valid names.
    """
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"unknown {kind} {name!r}.{hint} Valid names: {', '.join(table)}")


def load_object(dotted: str) -> Any:
    """What `package.module:name` points at, imported now."""
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)


@dataclass(frozen=True, slots=True)
class ModelsConfig:
    """Every network in the catalogue."""


def models(config: ModelsConfig) -> Outcome:
    """`edgehuman models`: one row per network."""
    keys = (
        "family",
        "modality",
        "input",
        "task",
        "method",
        "params",
        "params_paper",
        "flops",
        "source",
    )
    rows = [
        {"name": name, **{key: getattr(row, key) for key in keys}} for name, row in NETWORKS.items()
    ]
    head = f"{'name':<18}{'family':<10}{'input':<12}{'params':>12}{'MFLOPs':>10}  source"
    lines = [
        f"{row['name']:<18}{row['family']:<10}{row['input']:<12}{row['params']:>12,}"
        f"{row['flops'] / 1e6:>10.1f}  {row['source']}"
        for row in rows
    ]
    return Outcome(rows, "\n".join([head, *lines]))
