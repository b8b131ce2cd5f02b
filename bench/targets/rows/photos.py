"""Rows of the table of targets: networks of persons, their pretraining, and search by words."""

from __future__ import annotations

from edgehuman.bench.target import Target, same_whatever
from edgehuman.bench.targets import ratios
from edgehuman.bench.targets.rows.eager import over_eager
from edgehuman.bench.targets.steps.saip import saip_step_over_networks
from edgehuman.bench.text_search import TextSearchConfig, text_search

PHOTOS: tuple[Target, ...] = (
    Target(
        "text-search",
        "`search`: a sentence against vectors of 100,000 photos, 320 numbers, p50 of a core's time",
        "at most",
        50.0,
        "ms",
        same_whatever(lambda: text_search(TextSearchConfig())["core_p50_ms"]),
    ),
    over_eager("tinyvit_5m", "256x128", 1.3),
    over_eager("starnet_s3", "256x128", 1.5),
    over_eager("vit_tiny", "256x128", 1.1),
    Target(
        "windows",
        "published windows / those that tile 256x128, p50 on onnxruntime, tinyvit_5m",
        "at least",
        1.3,
        "x",
        lambda config: ratios.stock_over_tiling_windows("tinyvit_5m"),
    ),
    Target(
        "saip-step",
        "a SAIP step of tinyvit_5m / the passes through its student and expert, 8 persons",
        "at most",
        1.25,
        "x",
        lambda config: saip_step_over_networks("tinyvit_5m"),
    ),
    Target(
        "views",
        "photos per second of one core to the ten views of scale-aware pretraining",
        "at least",
        250.0,
        "photos/s",
        lambda config: ratios.views_per_second(),
    ),
    Target(
        "shards",
        "photos per second to those views from local shards / from memory, one core",
        "at least",
        0.95,
        "x",
        lambda config: ratios.shards_over_memory(),
    ),
)
