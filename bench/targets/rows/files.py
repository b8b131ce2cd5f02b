"""Rows of the table of targets: what is exported and shipped, and how soon it starts."""

from __future__ import annotations

from edgehuman.bench.target import Target
from edgehuman.bench.targets import fresh, ratios

# The smallest that the goal covers, a wide one, and a deep one.
_INT8 = ("imuvit_1024x5", "imuvit_2048x5", "imuvit_1024x20")
_AUTO = ("imuvit_512x5", "imuconv_288k")
# Two timings of the same graph differ by this factor; the export requires a precision to win by it.
CLOCK_NOISE = 0.03

FILES: tuple[Target, ...] = (
    Target(
        "help",
        "`edgehuman --help`, start of Python included",
        "at most",
        0.5,
        "s",
        lambda config: ratios.help_seconds(),
    ),
    Target(
        "cold-start",
        "a new process to its first result: Python, imports, engine (onnxruntime)",
        "at most",
        1.0,
        "s",
        lambda config: ratios.cold_start_seconds(config.model),
    ),
    Target(
        "int8",
        f"onnxruntime FP32 / INT8, p50, batch 1, one thread: the least of {', '.join(_INT8)}",
        "at least",
        1.7,
        "x",
        lambda config: ratios.int8_over_fp32(_INT8[:1] if config.quick else _INT8),
    ),
    Target(
        "auto",
        "p50 of what --precision auto chose / FP32, timed afresh, the most of "
        f"{', '.join(_AUTO)}: 1, and {CLOCK_NOISE:g} for the clock's noise",
        "at most",
        1 + CLOCK_NOISE,
        "x",
        lambda config: ratios.auto_over_fp32(_AUTO),
    ),
    Target(
        "export",
        "imuvit_2048x20 (63 M parameters) to ONNX with parity, the slowest of three precisions",
        "at most",
        60.0,
        "s",
        lambda config: ratios.export_seconds("imuvit_2048x20"),
    ),
    Target(
        "demo",
        "`make demo` in a fresh clone, its environment and page included",
        "at most",
        60.0,
        "s",
        lambda config: fresh.demo_s(),
    ),
    Target(
        "slim",
        "the environment of docs/howto/slim.md, which runs a wearable stream",
        "at most",
        230.0,
        "MB",
        lambda config: fresh.slim_mb(),
    ),
    Target(
        "engines",
        "catalogued networks x FP32, FP16, INT8 without a TensorRT-RTX engine built on the CPU",
        "at most",
        0.0,
        "failures",
        lambda config: ratios.engine_failures(config.quick),
    ),
    Target(
        "parity-fp32",
        "every catalogued network: max abs difference per unit of the output's scale (its largest "
        "output; 1 where that is smaller)",
        "at most",
        1e-4,
        "abs/scale",
        lambda config: ratios.worst_max_abs(config.quick),
    ),
    Target(
        "parity-fp16",
        "every catalogued network: the worst sample's cosine",
        "at least",
        0.999,
        "cosine",
        lambda config: ratios.worst_cosine(config.quick),
    ),
    Target(
        "int8-metric",
        "|macro-F1 INT8 - FP32| of zoo:activity (UCI HAR in EDGEHUMAN_DATA, or simulated people)",
        "at most",
        0.5,
        "points",
        lambda config: ratios.int8_metric_change("zoo:activity"),
    ),
)
