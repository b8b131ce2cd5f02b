"""What seeing people costs: the three networks behind `zoo:person-detector`, `-pose` and
`-silhouette`, and one more person in a frame.

Weights are random, as time hardly depends on them: the INT8 graph is the one that `edgehuman
export --precision int8` writes if no layer has to stay in float. The sides of a ratio take turns
on one thread, and what counts is processor time, which other work on the machine hardly changes.

Axes: N images, H height, W width, P numbers of people.
"""

from __future__ import annotations

import functools
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from edgehuman import catalogue
from edgehuman.bench.contestants import Entry, open_contestant, torch_contestant
from edgehuman.bench.latency import measure
from edgehuman.bench.targets.ratios import require_torch
from edgehuman.card import RANDOM_WEIGHTS, Card, InputSpec, OutputSpec, image_input
from edgehuman.catalogue import SIMULATED
from edgehuman.geometry import COCO_17
from edgehuman.metrics.person_answers import BINS_PER_PIXEL, SILHOUETTE
from edgehuman.progress import tell
from edgehuman.runtime.engine.onnx_file import sealed
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.frames.crops import CropModel
from edgehuman.runtime.model import load

if TYPE_CHECKING:
    import onnx
    from torch import nn

Head = Literal["detector", "pose", "silhouette"]
HEADS: tuple[Head, ...] = ("detector", "pose", "silhouette")
OF_ONE: tuple[Head, ...] = ("pose", "silhouette")
"""Those that answer for one person of a frame."""
ARCH = "starnet_s100_k3"
CROWD = (1, 2, 4, 8)
_CALIBRATING, _ROUNDS = 8, 10


@dataclass(frozen=True, slots=True)
class Speeds:
    """Median processor time of one picture, milliseconds, on one thread."""

    fp32_ms: float
    int8_ms: float
    torch_ms: float


@dataclass(frozen=True, slots=True)
class PersonCost:
    """What people of one frame cost, on onnxruntime FP32.

    Attributes:
        first_ms: of one person alone.
        each_ms: of one more, the slope of the least-squares line.
        off_line: the largest distance from that line, as a share of the line.
        batch_each_ms: of one more if all crops are one batch, without crop and answer.
    """

    first_ms: float
    each_ms: float
    off_line: float
    batch_each_ms: float


def onnxruntime_over_torch(head: Head) -> float:
    """Time of torch eager over that of onnxruntime FP32."""
    found = speeds(head)
    return found.torch_ms / found.fp32_ms


def int8_over_fp32(head: Head) -> float:
    """Time of onnxruntime FP32 over that of onnxruntime INT8."""
    found = speeds(head)
    return found.fp32_ms / found.int8_ms


def person_over_first(head: Head) -> float:
    """Time of one more person in a frame over that of one person alone."""
    found = person_cost(head)
    return found.each_ms / found.first_ms


def off_line(head: Head) -> float:
    """How far the times of 1, 2, 4 and 8 people are from a line, at most, as a share of it."""
    return person_cost(head).off_line


@functools.cache
def speeds(head: Head, arch: str = ARCH, rounds: int = _ROUNDS) -> Speeds:
    """FP32, INT8 and torch eager in turns; the same run answers both targets of a network."""
    require_torch()
    network, card = with_head(arch, head)
    graph = _graph(network, card)
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        paths = [Path(folder) / f"{name}.onnx" for name in ("fp32", "int8")]
        for path, model in zip(paths, (graph, int8_graph(network, card, graph)), strict=True):
            _write(path, model)
        sides = [_entry(card, path) for path in paths]
        sample_NHWC = sides[0].noise(4)
        opened = [open_contestant(each, sample_NHWC[:1]) for each in sides]
        opened.append(torch_contestant(sides[0], sample_NHWC[:1], lambda: network))
        timings = measure(opened, sample_NHWC, rounds, clock=time.process_time_ns)
    found = Speeds(*(each.p50_ms for each in timings))
    tell(
        f"{head} of {arch}: onnxruntime FP32 {found.fp32_ms:.2f} ms, INT8 {found.int8_ms:.2f} ms, "
        f"torch eager {found.torch_ms:.2f} ms"
    )
    return found


@functools.cache
def person_cost(head: Head, arch: str = ARCH, rounds: int = 20) -> PersonCost:
    """People of one frame, 1, 2, 4 and 8 of them: in turn, from crop to answer, as `edgehuman run
    --detector` does, and as one batch.
    """
    require_torch()
    network, card = with_head(arch, head)
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        path = Path(folder) / f"{head}.onnx"
        _write(path, _graph(network, card))
        model = load(str(path), threads=1)
        frame_HWC = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
        # Eight people beside each other, 60 x 180 pixels.
        people = [
            FoundPerson(np.array([75 * i + 20, 150, 75 * i + 80, 330], np.float32), 1.0)
            for i in range(max(CROWD))
        ]
        batch_NHWC = _entry(card, path).noise(max(CROWD))
        answer = CropModel(model).answer_all
        turns = [partial(answer, frame_HWC, people[:count]) for count in CROWD]
        batches = [partial(model.engine.run, batch_NHWC[:count]) for count in CROWD]
        found_ms = in_warm_turns([*turns, *batches], rounds)
    found = cost_of(found_ms[: len(CROWD)], found_ms[len(CROWD) :])
    tell(
        f"{head} of {arch}: one person {found.first_ms:.2f} ms, one more {found.each_ms:.2f} ms, "
        f"within {100 * found.off_line:.0f} % of a line; one more of a batch "
        f"{found.batch_each_ms:.2f} ms"
    )
    return found


def in_warm_turns(
    sides: Sequence[Callable[[], object]],
    rounds: int,
    clock: Callable[[], int] = time.process_time_ns,
) -> list[float]:
    """Median milliseconds of each side. In its turn each side runs three times, the first time
    uncounted: it fills the caches that the others emptied, which one person would pay alone.
    """
    taken_ms: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for index, side in enumerate(sides):
            side()
            for _ in range(2):
                start_ns = clock()
                side()
                taken_ms[index].append((clock() - start_ns) / 1e6)
    return [float(np.median(each)) for each in taken_ms]


def cost_of(turn_ms: Sequence[float], batch_ms: Sequence[float]) -> PersonCost:
    """The cost of people from the times of `CROWD`, in turn and as one batch."""
    slope, begin = np.polyfit(CROWD, turn_ms, 1)
    line_P = begin + slope * np.array(CROWD)
    off = np.abs(np.array(turn_ms) - line_P) / line_P
    batch_slope = np.polyfit(CROWD, batch_ms, 1)[0]
    return PersonCost(turn_ms[0], float(slope), float(off.max()), float(batch_slope))


def with_head(arch: str, head: Head) -> tuple[nn.Module, Card]:
    """A network with random weights and a head at its default size, in eval mode, and its card."""
    begins_at, output = _of_head(head)
    card = Card(
        name=f"{arch}-{head}",
        task="person",
        arch=arch,
        params=0,
        flops=0,
        input=begins_at,
        output=output,
        recipe=f"{RANDOM_WEIGHTS}, for a measurement of speed",
    )
    network: nn.Module = catalogue.step(begins_at.record, "build")(card, {}, 0)
    return network, card


def int8_graph(
    network: nn.Module, card: Card, graph: onnx.ModelProto, count: int = _CALIBRATING
) -> onnx.ModelProto:
    """The graph that `edgehuman export --precision int8` writes, every layer in INT8.

    Calibrated on a few simulated pictures, from the least to the largest value. There is no
    accuracy to keep, so no layer is tried in float.
    """
    from edgehuman.export.proof.judge import Judge, answers
    from edgehuman.export.proof.precision import Int8Options, as_int8

    samples = catalogue.step(card.input.record, "samples")(card, SIMULATED, count)
    judge = Judge(samples, answers(network, samples.array), card.output)
    made = as_int8(graph, judge, Int8Options(samples, "cpu", "minmax", max_drop=math.inf))
    assert not made.precision.float_layers
    return made.model


def _of_head(head: Head) -> tuple[InputSpec, OutputSpec]:
    if head == "detector":
        return image_input(320, 416, record="Frame"), OutputSpec("boxes")
    if head == "pose":
        return image_input(256, 192), OutputSpec("simcc", COCO_17, dim=BINS_PER_PIXEL * 192)
    return image_input(256, 128), OutputSpec("segmentation", SILHOUETTE)


def _graph(network: nn.Module, card: Card) -> onnx.ModelProto:
    from edgehuman.export.graph.trace import to_onnx

    return to_onnx(network, card)


def _write(path: Path, model: onnx.ModelProto) -> None:
    path.write_bytes(sealed(model.SerializeToString()))


def _entry(card: Card, path: Path) -> Entry:
    record = card.input
    return Entry(
        card.name, str(path), "onnxruntime", card.arch, None, record=record.record,
        shape=record.shape, dtype=record.dtype, kind=card.output.kind,
    )  # fmt: skip
