"""The table of the targets that `make bench` measures: what, the goal, and the function.

The columns are in `bench.target`; what measures and prints them is `targets`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from edgehuman.bench import beside, live, walking
from edgehuman.bench.gallery_search import GallerySearchConfig, gallery_search
from edgehuman.bench.target import Target
from edgehuman.bench.targets import distillation, frames, fresh, people, ratios, silhouettes
from edgehuman.bench.targets.gait_step import gait_step_over_encoder
from edgehuman.bench.targets.gallery_memory import GalleryMemoryConfig, gallery_memory_mb
from edgehuman.bench.targets.saip_step import saip_step_over_networks
from edgehuman.bench.targets.skeleton_augment import per_sample_over_batched
from edgehuman.bench.text_search import TextSearchConfig, text_search

if TYPE_CHECKING:
    from edgehuman.bench.targets.targets import TargetsConfig


def _over_eager(arch: str, record: str, goal: float) -> Target:
    return Target(
        arch,
        f"torch eager / onnxruntime FP32, p50, {arch}, {record}, batch 1, one thread",
        "at least",
        goal,
        "x",
        lambda config: ratios.onnxruntime_over_torch(arch),
    )


def _of_people() -> Iterator[Target]:
    """Of the networks behind zoo:person-*, each with its head at its default size."""
    says = f"{people.ARCH}, batch 1, one thread"
    for head in people.HEADS:
        measure = partial(people.onnxruntime_over_torch, head)
        what = f"torch eager / onnxruntime FP32, the {head} network on {says}"
        yield Target(f"people-{head}", what, "at least", 1.5, "x", _only(measure))
    for head in people.HEADS:
        measure = partial(people.int8_over_fp32, head)
        what = f"onnxruntime FP32 / INT8, the {head} network on {says}"
        yield Target(f"people-int8-{head}", what, "at least", 1.5, "x", _only(measure))
    for head in people.OF_ONE:
        measure = partial(people.person_over_first, head)
        what = f"one more person of a frame / one alone, {head}, crop to answer, FP32"
        yield Target(f"people-more-{head}", what, "at most", 1.1, "x", _only(measure))
        measure = partial(people.off_line, head)
        what = f"distance of the times of 1, 2, 4 and 8 people from a line, {head}, the largest"
        yield Target(f"people-line-{head}", what, "at most", 0.1, "x", _only(measure))
    what = "the tracker, a frame of 20 people, processor time"
    yield Target("tracker", what, "at most", 1.0, "ms", _only(people.tracker_ms))


def _of_frames() -> Iterator[Target]:
    """Of `edgehuman run` on videos and cameras."""
    for of, with_pose in (("boxes", False), ("joints", True)):
        for source, measure in (
            ("file", frames.added_to_a_file),
            ("camera", frames.added_to_a_camera),
        ):
            what = (
                f"`run` with {of} / its models and OpenCV alone, processor time a frame, {source}"
            )
            name = f"frames-{of}" if source == "file" else f"frames-camera-{of}"
            yield Target(name, what, "at most", 1.15, "x", _only(partial(measure, with_pose)))
    for wanted in walking.WANTED:
        measured = partial(walking.added_to_gait, wanted)
        what = f"`run` of gait by {wanted} of 8 people / its models and OpenCV, processor time"
        yield Target(f"frames-gait-{wanted}", what, "at most", 1.15, "x", _only(measured))
        measured = partial(walking.frames_per_second, wanted)
        what = f"`run` of gait by {wanted}, 640x480, 8 people, INT8, frames a second of one core"
        yield Target(f"gait-rate-{wanted}", what, "at least", 10.0, "/s", _only(measured))


def _only(measure: Callable[[], float]) -> Callable[[TargetsConfig], float]:
    """A measurement that no flag changes."""
    return lambda config: measure()


# The smallest that the goal covers, a wide one, and a deep one.
_INT8 = ("imuvit_1024x5", "imuvit_2048x5", "imuvit_1024x20")
_AUTO = ("imuvit_512x5", "imuconv_288k")
# Two timings of the same graph differ by this factor; the export requires a precision to win by it.
CLOCK_NOISE = 0.03

TARGETS: tuple[Target, ...] = (
    Target(
        "text-search",
        "`search`: a sentence against vectors of 100,000 photos, 320 numbers, p50 of a core's time",
        "at most",
        50.0,
        "ms",
        _only(lambda: text_search(TextSearchConfig())["core_p50_ms"]),
    ),
    Target(
        "onnxruntime",
        "torch eager / onnxruntime FP32, p50, imuvit_512x5, batch 1, one thread",
        "at least",
        1.8,
        "x",
        lambda config: ratios.onnxruntime_over_torch("imuvit_512x5"),
    ),
    _over_eager("tinyvit_5m", "256x128", 1.3),
    _over_eager("starnet_s3", "256x128", 1.5),
    _over_eager("vit_tiny", "256x128", 1.1),
    _over_eager("gaitptv2_deep_1", "48 frames", 1.5),
    Target(
        "windows",
        "published windows / those that tile 256x128, p50 on onnxruntime, tinyvit_5m",
        "at least",
        1.3,
        "x",
        lambda config: ratios.stock_over_tiling_windows("tinyvit_5m"),
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
        "page-stopped",
        "a loop on frames with a page whose two viewers take nothing / without",
        "at most",
        1.02,
        "x",
        lambda config: beside.page_over_none(),
    ),
    *live.of_hours(),
    Target(
        "gallery",
        "peak memory of a process that searches among 1 M embeddings of 256 numbers",
        "at most",
        4096.0,
        "MB",
        lambda config: gallery_memory_mb(GalleryMemoryConfig())["peak_mb"],
    ),
    Target(
        "identify",
        "p99 of naming a vector of 256 numbers among 100,000 people of 4 walks, one core",
        "at most",
        50.0,
        "ms",
        lambda config: gallery_search(GallerySearchConfig(queries=500))["p99_ms"],
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
        "saip-step",
        "a SAIP step of tinyvit_5m / the passes through its student and expert, 8 persons",
        "at most",
        1.25,
        "x",
        lambda config: saip_step_over_networks("tinyvit_5m"),
    ),
    Target(
        "augment",
        "skeleton augmentations, one by one in numpy / in batches of 256 where the training runs",
        "at least",
        5.0,
        "x",
        lambda config: per_sample_over_batched(),
    ),
    Target(
        "gait-step",
        "a step of gaitptv2_deep_3 / of a plain transformer of equal operations, 8 sequences",
        "at most",
        1.6,
        "x",
        lambda config: gait_step_over_encoder("gaitptv2_deep_3"),
    ),
    Target(
        "by-frame-base",
        "forward and backward of gaitbase, frame by frame / as it is, 2 walks of 12 frames",
        "at least",
        1.5,
        "x",
        lambda config: silhouettes.by_frame_over_whole("gaitbase"),
    ),
    Target(
        "by-frame-gl",
        "forward and backward of gaitgl, frame by frame / as it is, 2 walks of 12 frames",
        "at least",
        1.5,
        "x",
        lambda config: silhouettes.by_frame_over_whole("gaitgl"),
    ),
    *(
        Target(
            arch,
            f"torch eager / onnxruntime FP32, {arch}, one walk of 30 frames, one thread",
            "at least",
            1.5,
            "x",
            lambda config, arch=arch: silhouettes.onnxruntime_over_torch(arch),  # type: ignore[misc]
        )
        for arch in ("gaitset", "gaitbase")
    ),
    Target(
        "packed",
        "silhouettes a second of one core from a packed file to a batch of gaitset's training",
        "at least",
        3000.0,
        "frames/s",
        lambda config: silhouettes.packed_frames_per_second(),
    ),
    Target(
        "one-frame",
        "one more frame of a walk / all of its 60 frames again, gaitset on onnxruntime",
        "at most",
        1 / 20,
        "x",
        lambda config: silhouettes.update_over_clip("gaitset"),
    ),
    Target(
        "diffusion-step",
        "a step of diffusion pretraining / the passes through its two networks, gaitset, 8 walks",
        "at most",
        1.25,
        "x",
        lambda config: silhouettes.diffusion_step_over_networks("gaitset"),
    ),
    *_of_people(),
    *_of_frames(),
    Target(
        "targets-kept",
        "speed of a teacher's answers computed and kept / computed, imuconv_4m, logits",
        "at least",
        0.9,
        "x",
        lambda config: distillation.writing_over_answering(),
    ),
    Target(
        "asked-again",
        "windows that a second student asks of a teacher whose answers are kept, beyond the check",
        "at most",
        0.0,
        "windows",
        lambda config: distillation.asked_of_a_second_student(),
    ),
    Target(
        "distil-waits",
        "share of a student's step that goes by until its batch is there, imuconv_288k",
        "at most",
        0.05,
        "x",
        lambda config: distillation.waiting_over_step(),
    ),
    Target(
        "simulator",
        "simulated seconds per second of one core",
        "at least",
        2000.0,
        "x",
        lambda config: ratios.simulator_real_time(),
    ),
    Target(
        "walks",
        "simulated skeleton walks of 96 frames per second of one core",
        "at least",
        300.0,
        "walks/s",
        lambda config: ratios.walks_per_second(),
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
