"""What parting everybody of a picture costs: the parser beside the detector alone and beside
PyTorch, and one more person.

Weights are random, as time hardly depends on them. The sides of a ratio take turns on one thread,
and what counts is processor time. Axes: R rows of an answer, X numbers of a row.
"""

from __future__ import annotations

import functools
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman import catalogue
from edgehuman.bench.targets.people import in_warm_turns
from edgehuman.bench.targets.ratios import require_torch
from edgehuman.card import RANDOM_WEIGHTS, Card, OutputKind, OutputSpec, image_input
from edgehuman.metrics.crowds.answers import STRIDE, people_of
from edgehuman.metrics.crowds.outside import HEAD, MOST_PEOPLE
from edgehuman.preprocess.image.letterbox import Letterbox
from edgehuman.progress import tell
from edgehuman.records import Float32
from edgehuman.runtime.engine.onnx_file import sealed
from edgehuman.runtime.model import load

SIZE = (416, 416)
ARCHS = ("starnet_s100_k3", "starnet_s3", "tinyvit_5m", "vit_tiny")
_PARTS = tuple(f"part {number}" for number in range(20))
_FEW, _MANY = 1, 21


@functools.cache
def cost_of(arch: str, rounds: int = 10) -> dict[str, float]:
    """Milliseconds of a picture and their ratios; what one more person adds, in percent.

    Raises:
        NotMeasured: PyTorch is not installed.
    """
    found_ms = network_ms(arch, rounds)
    few_ms, many_ms = answer_ms(rounds)
    detector_ms, parser_ms, torch_ms = found_ms
    frame_ms = parser_ms + few_ms
    tell(
        f"{arch}: detector {detector_ms:.1f} ms, parser {parser_ms:.1f} ms, PyTorch "
        f"{torch_ms:.1f} ms; reading an answer of {_FEW} {few_ms:.2f} ms, of {_MANY} "
        f"{many_ms:.2f} ms"
    )
    return {
        "detector_ms": detector_ms,
        "parser_ms": parser_ms,
        "parser_over_detector": parser_ms / detector_ms,
        "torch_over_onnxruntime": torch_ms / parser_ms,
        "answer_of_one_ms": few_ms,
        "one_more_person_percent": 100 * (many_ms - few_ms) / (_MANY - _FEW) / frame_ms,
    }


def answer_ms(rounds: int) -> tuple[float, float]:
    """Median processor time of reading an answer of one person, and of 21."""
    place = Letterbox(1.0, 1.0, 0, 0, *SIZE)
    turns = [
        partial(people_of, made_rows(count), len(_PARTS), SIZE, place, 0.5)
        for count in (_FEW, _MANY)
    ]
    few_ms, many_ms = in_warm_turns(turns, rounds)
    return few_ms, many_ms


def network_ms(arch: str, rounds: int) -> list[float]:
    """Median processor time of a picture: of the detector and of the parser on onnxruntime in FP32,
    and of the parser in torch.
    """
    require_torch()
    import torch

    from edgehuman.export.graph.trace import to_onnx

    input_NHWC = np.random.default_rng(0).integers(0, 256, (1, *SIZE, 3), np.uint8)
    turns: list[Any] = []
    outputs: tuple[tuple[OutputKind, tuple[str, ...]], ...] = (
        ("boxes", ()), ("person_parts", _PARTS),
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        for kind, labels in outputs:
            frame = image_input(*SIZE, record="Frame")
            said = f"{RANDOM_WEIGHTS}, for a measurement of speed"
            card = Card(kind, "frames", arch, 0, 0, frame, OutputSpec(kind, labels), recipe=said)
            network = catalogue.step(frame.record, "build")(card, {}, 0)
            path = Path(folder) / f"{kind}.onnx"
            path.write_bytes(sealed(to_onnx(network, card).SerializeToString()))
            turns.append(partial(load(str(path), threads=1).logits, input_NHWC))
        torch.set_num_threads(1)
        tensor_NHWC = torch.from_numpy(input_NHWC)

        def eager() -> None:
            with torch.inference_mode():
                network(tensor_NHWC)

        return in_warm_turns([*turns, eager], rounds, clock=time.process_time_ns)


def made_rows(people: int) -> Float32:
    """An answer of so many people side by side, each 100 pixels tall."""
    height, width = (side // STRIDE for side in SIZE)
    row_RX = np.zeros((MOST_PEOPLE + len(_PARTS), HEAD + height * width), np.float32)
    for number in range(people):
        left = 4.0 + 18 * number
        row_RX[number, :HEAD] = left, 100, left + 40, 200, 0.9
    row_RX[:MOST_PEOPLE, HEAD:] = 1.0
    row_RX[MOST_PEOPLE:, HEAD:] = np.random.default_rng(0).normal(
        size=(len(_PARTS), height * width)
    )
    return row_RX
