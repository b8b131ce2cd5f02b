"""Rows of the table of targets: gait by skeletons and by silhouettes, and who is found by it."""

from __future__ import annotations

from edgehuman.bench.gallery_search import GallerySearchConfig, gallery_search
from edgehuman.bench.target import Target
from edgehuman.bench.targets import ratios, silhouettes
from edgehuman.bench.targets.gallery_memory import GalleryMemoryConfig, gallery_memory_mb
from edgehuman.bench.targets.rows.eager import over_eager
from edgehuman.bench.targets.skeleton_augment import per_sample_over_batched
from edgehuman.bench.targets.steps.gait import gait_step_over_encoder

WALKS: tuple[Target, ...] = (
    over_eager("gaitptv2_deep_1", "48 frames", 1.5),
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
        "simulated-outlines",
        "silhouettes a second that the simulator makes on one core, with noise and occlusion",
        "at least",
        500.0,
        "frames/s",
        lambda config: silhouettes.simulated_frames_per_second(),
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
    Target(
        "walks",
        "simulated skeleton walks of 96 frames per second of one core",
        "at least",
        300.0,
        "walks/s",
        lambda config: ratios.walks_per_second(),
    ),
)
