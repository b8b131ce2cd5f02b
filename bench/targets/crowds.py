"""What parting everybody costs: the parser over the detector alone, and one more person.

Weights are random, as time hardly depends on them. The sides of a ratio take turns on one thread,
and what counts is processor time. Axes: R rows of an answer, X numbers of a row.
"""

from __future__ import annotations

import functools
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from edgehuman import catalogue
from edgehuman.bench.targets.people import in_warm_turns
from edgehuman.bench.targets.ratios import require_torch
from edgehuman.card import RANDOM_WEIGHTS, Card, OutputSpec, image_input
from edgehuman.metrics.crowds.answers import HEAD, STRIDE, people_of
from edgehuman.preprocess.image.letterbox import Letterbox
from edgehuman.progress import tell
from edgehuman.records import Float32
from edgehuman.runtime.engine.onnx_file import sealed
from edgehuman.runtime.model import load

ARCH = "starnet_s100_k3"
SIZE = (416, 416)
_PARTS = tuple(f"part {number}" for number in range(20))
_FEW, _MANY = 1, 21
_ROUNDS = 10


def parser_over_detector() -> float:
    """Processor time of a parser over that of the detector alone, onnxruntime FP32, a picture of
    416x416 pixels.
    """
    found_ms = network_ms()
    return found_ms["person_parts"] / found_ms["boxes"]


def torch_over_onnxruntime() -> float:
    """Processor time of the parser in torch eager over that of onnxruntime FP32."""
    found_ms = network_ms()
    return found_ms["torch"] / found_ms["person_parts"]


def person_over_frame() -> float:
    """Processor time that one more person adds to a picture, network and answer, in percent."""
    place = Letterbox(1.0, 1.0, 0, 0, *SIZE)
    turns = [
        partial(people_of, made_rows(count), len(_PARTS), SIZE, place, 0.5)
        for count in (_FEW, _MANY)
    ]
    few_ms, many_ms = in_warm_turns(turns, _ROUNDS)
    each_ms = (many_ms - few_ms) / (_MANY - _FEW)
    frame_ms = network_ms()["person_parts"] + few_ms
    tell(f"a picture of one person {frame_ms:.2f} ms, one more {each_ms:.3f} ms")
    return 100 * each_ms / frame_ms


@functools.cache
def network_ms() -> dict[str, float]:
    """Median processor time of a picture: of the detector, the parser, and the parser in torch."""
    require_torch()
    import torch

    from edgehuman.export.graph.trace import to_onnx

    input_NHWC = np.random.default_rng(0).integers(0, 256, (1, *SIZE, 3), np.uint8)
    names, turns = ["boxes", "person_parts"], []
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        for kind, labels in (("boxes", ()), ("person_parts", _PARTS)):
            output = OutputSpec(kind, labels)  # type: ignore[arg-type]
            frame = image_input(*SIZE, record="Frame")
            said = f"{RANDOM_WEIGHTS}, for a measurement of speed"
            card = Card(kind, "frames", ARCH, 0, 0, frame, output, recipe=said)
            network = catalogue.step(frame.record, "build")(card, {}, 0)
            path = Path(folder) / f"{kind}.onnx"
            path.write_bytes(sealed(to_onnx(network, card).SerializeToString()))
            turns.append(partial(load(str(path), threads=1).logits, input_NHWC))
        torch.set_num_threads(1)
        tensor_NHWC = torch.from_numpy(input_NHWC)

        def eager() -> None:
            with torch.inference_mode():
                network(tensor_NHWC)

        found = in_warm_turns([*turns, eager], _ROUNDS, clock=time.process_time_ns)
    times = dict(zip([*names, "torch"], found, strict=True))
    tell(", ".join(f"{name} {ms:.1f} ms" for name, ms in times.items()))
    return times


def made_rows(people: int) -> Float32:
    """An answer of so many people side by side, each 100 pixels tall."""
    height, width = (side // STRIDE for side in SIZE)
    row_RX = np.zeros((100 + len(_PARTS), HEAD + height * width), np.float32)
    for number in range(people):
        left = 4.0 + 18 * number
        row_RX[number, :HEAD] = left, 100, left + 40, 200, 0.9
    row_RX[:100, HEAD:] = 1.0
    row_RX[100:, HEAD:] = np.random.default_rng(0).normal(size=(len(_PARTS), height * width))
    return row_RX
