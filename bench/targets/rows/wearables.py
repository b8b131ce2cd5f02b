"""Rows of the table of targets: a wearable's network, stream, pretraining and simulator."""

from __future__ import annotations

from edgehuman.bench import beside
from edgehuman.bench.target import Target
from edgehuman.bench.targets import ratios

WEARABLES: tuple[Target, ...] = (
    Target(
        "onnxruntime",
        "torch eager / onnxruntime FP32, p50, imuvit_512x5, batch 1, one thread",
        "at least",
        1.8,
        "x",
        lambda config: ratios.onnxruntime_over_torch("imuvit_512x5"),
    ),
    Target(
        "stream",
        "the whole stream path / bare runs of the same windows, imuvit_512x5",
        "at most",
        1.2,
        "x",
        lambda config: ratios.stream_over_run("imuvit_512x5"),
    ),
    Target(
        "real-time",
        "stream seconds per second of one core, hop 0.64 s",
        "at least",
        200.0,
        "x",
        lambda config: ratios.real_time_factor(config.model),
    ),
    Target(
        "slow-sink",
        "a wearable's loop with a sink of 1 s a call / without",
        "at most",
        1.02,
        "x",
        lambda config: beside.slow_sink_over_none(config.model),
    ),
    Target(
        "mae",
        "MAE windows/s, visible patches encoded / all encoded, imuvit_1024x5",
        "at least",
        2.0,
        "x",
        lambda config: ratios.mae_visible_over_all("imuvit_1024x5"),
    ),
    Target(
        "simulator",
        "simulated seconds per second of one core",
        "at least",
        2000.0,
        "x",
        lambda config: ratios.simulator_real_time(),
    ),
)
