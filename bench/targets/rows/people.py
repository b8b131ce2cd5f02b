"""Rows of the table of targets: people in frames of a camera, and whole runs on frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from edgehuman.bench import beside, walking
from edgehuman.bench.target import Target, same_whatever
from edgehuman.bench.targets import crowds, frames, people

if TYPE_CHECKING:
    from edgehuman.bench.targets.targets import TargetsConfig


def _of_people() -> Iterator[Target]:
    """Of the networks behind zoo:person-*, each with its head at its default size."""
    says = f"{people.ARCH}, batch 1, one thread"
    for head in people.HEADS:
        measure = partial(people.onnxruntime_over_torch, head)
        what = f"torch eager / onnxruntime FP32, the {head} network on {says}"
        yield Target(f"people-{head}", what, "at least", 1.5, "x", same_whatever(measure))
    for head in people.HEADS:
        measure = partial(people.int8_over_fp32, head)
        what = f"onnxruntime FP32 / INT8, the {head} network on {says}"
        yield Target(f"people-int8-{head}", what, "at least", 1.5, "x", same_whatever(measure))
    for head in people.OF_ONE:
        measure = partial(people.person_over_first, head)
        what = f"one more person of a frame / one alone, {head}, crop to answer, FP32"
        yield Target(f"people-more-{head}", what, "at most", 1.1, "x", same_whatever(measure))
        measure = partial(people.off_line, head)
        what = f"distance of the times of 1, 2, 4 and 8 people from a line, {head}, the largest"
        yield Target(f"people-line-{head}", what, "at most", 0.1, "x", same_whatever(measure))
    what = "the tracker, a frame of 20 people, processor time"
    yield Target("tracker", what, "at most", 1.0, "ms", same_whatever(people.tracker_ms))


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
            yield Target(
                name, what, "at most", 1.15, "x", same_whatever(partial(measure, with_pose))
            )
    for wanted in walking.WANTED:
        measured = same_whatever(partial(walking.added_to_gait, wanted))
        what = f"`run` of gait by {wanted} of 8 people / its models and OpenCV, processor time"
        yield Target(f"frames-gait-{wanted}", what, "at most", 1.15, "x", measured)
        measured = same_whatever(partial(walking.frames_per_second, wanted))
        what = f"`run` of gait by {wanted}, 640x480, 8 people, INT8, frames a second of one core"
        yield Target(f"gait-rate-{wanted}", what, "at least", 10.0, "/s", measured)
    measured = same_whatever(walking.fused_frames_per_second)
    what = "`run --fuse`, both models of gait, 640x480, 8 people, INT8, frames a second of one core"
    yield Target("gait-rate-fused", what, "at least", 10.0, "/s", measured)


def _of_parts() -> Iterator[Target]:
    """Of the networks that part everybody of a picture, 416x416 and 20 parts."""

    def measured(arch: str, name: str) -> Callable[[TargetsConfig], float]:
        return same_whatever(lambda: crowds.cost_of(arch)[name])

    for arch in crowds.ARCHS:
        what = f"a parser of 20 parts / the detector alone, 416x416, {arch}, onnxruntime FP32"
        cost = measured(arch, "parser_over_detector")
        yield Target(f"parts-{arch}", what, "at most", 1.5, "x", cost)
        what = f"torch eager / onnxruntime FP32, the parser on {arch}, batch 1, one thread"
        speed = measured(arch, "torch_over_onnxruntime")
        yield Target(f"parts-onnxruntime-{arch}", what, "at least", 1.5, "x", speed)
    what = f"one more person of a picture, of its time, {crowds.ARCHS[0]}"
    more = measured(crowds.ARCHS[0], "one_more_person_percent")
    yield Target("parts-more", what, "at most", 2.0, "%", more)


PEOPLE: tuple[Target, ...] = (
    Target(
        "page-stopped",
        "a loop on frames with a page whose two viewers take nothing / without",
        "at most",
        1.02,
        "x",
        lambda config: beside.page_over_none(),
    ),
    *_of_people(),
    *_of_parts(),
    *_of_frames(),
)
