"""A network compiled by torch-TensorRT, with the same card and the same gate as every other format.

For use from PyTorch on a GPU. FP16 is torch-TensorRT's autocast with the operators of fp16.ISLANDS
kept in float32. The result is a `torch.export` program (`NAME.pt2`) and
`NAME.pt2.json`, its card.

Source: docs.pytorch.org/TensorRT, "Compiling Exported Programs with Torch-TensorRT" and "Saving
    models".
"""

from __future__ import annotations

import importlib
import json
import tempfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from edgehuman.card import Card, Precision, sha256_of_bytes
from edgehuman.errors import ArtefactError, EngineError, MissingDependencyError
from edgehuman.export.proof.judge import Judge, Verdict
from edgehuman.files import write_together
from edgehuman.install import pip_line
from edgehuman.metrics import parity
from edgehuman.runtime.engine.build_on_device import Options

ADVICE = (
    "a compiled program cannot be inspected; --format onnx --explain shows where a graph of the "
    "same network and precision diverges"
)


def load_library() -> Any:
    """Import `torch_tensorrt`.

    Raises:
        MissingDependencyError: it is not installed.
        EngineError: torch finds no GPU.
    """
    try:
        library = importlib.import_module("torch_tensorrt")
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            f"torch_tensorrt is not installed here ({error}); run: {pip_line('torch-tensorrt')}"
        ) from None
    if not torch.cuda.is_available():
        raise EngineError(
            "torch-TensorRT compiles on the GPU that it runs on, and torch finds none here; use "
            "--format tensorrt --engine tensorrt-rtx --capability 86, or a machine with a GPU"
        )
    return library


def compile_network(
    library: Any,
    network: nn.Module,
    card: Card,
    precision: Literal["fp32", "fp16"],
    options: Options,
) -> Any:
    """Compile the network on the GPU for the batches of the profile.

    Raises:
        ArtefactError: torch-TensorRT cannot compile the network.
    """
    shapes = [
        (batch, *(size or length for size in card.input.shape))
        for batch, length in zip(options.batch, options.length, strict=True)
    ]
    dtype = getattr(torch, card.input.dtype)
    example = torch.zeros((max(2, shapes[1][0]), *shapes[1][1:]), dtype=dtype, device="cuda")
    axes: dict[int, Any] = {0: torch.export.Dim.DYNAMIC}
    axes |= {i + 1: torch.export.Dim.DYNAMIC for i, size in enumerate(card.input.shape) if not size}
    autocast = {
        "enable_autocast": True,
        "autocast_low_precision_type": torch.float16,
        "autocast_excluded_ops": {
            torch.ops.aten.layer_norm.default,
            torch.ops.aten.softmax.int,
            torch.ops.aten.mean.dim,
        },
    }
    try:
        program = torch.export.export(network.cuda(), (example,), dynamic_shapes=(axes,))
        wanted = library.Input(
            min_shape=shapes[0], opt_shape=shapes[1], max_shape=shapes[2], dtype=dtype
        )
        extra = autocast if precision == "fp16" else {}
        return library.dynamo.compile(program, arg_inputs=[wanted], min_block_size=1, **extra)
    except Exception as error:  # torch-TensorRT passes on whatever its layers raise
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise ArtefactError(f"{card.name}: torch-TensorRT cannot compile it: {reason}") from error


def judged(
    compiled: Any, judge: Judge, precision: Literal["fp32", "fp16"], name: str, batch: int
) -> Verdict:
    """Judge the compiled module.

    Raises:
        ParityError: over budget.
    """
    records = judge.samples.array
    with torch.inference_mode():
        parts = [
            compiled(torch.from_numpy(records[i : i + batch]).cuda()).float().cpu().numpy()
            for i in range(0, len(records), batch)
        ]
    verdict = judge.of_outputs(np.concatenate(parts))
    parity.require(verdict.parity, precision, name, ADVICE)
    return verdict


def write(library: Any, compiled: Any, judge: Judge, path: Path, card: Card) -> None:
    """Write `NAME.pt2` and `NAME.pt2.json` (the card and the hash of the program), both or none.

    Raises:
        ArtefactError: cannot write to the folder.
    """
    example = torch.from_numpy(judge.samples.array[:2]).cuda()
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder) / path.name
        library.save(compiled, str(inner), output_format="exported_program", arg_inputs=[example])
        content = inner.read_bytes()
    about = {
        "library": "torch_tensorrt",
        "version": library.__version__,
        "gpu": torch.cuda.get_device_name(),
        "program_sha256": sha256_of_bytes(content),
    }
    side = {"card": json.loads(card.to_json()), "program": about}
    program, side_path = files_of(path)
    write_together({side_path: json.dumps(side, indent=1).encode(), program: content})


def files_of(path: Path) -> tuple[Path, Path]:
    """The program and its side file."""
    return path, path.with_name(f"{path.name}.json")


def precision_of(name: Literal["fp32", "fp16"]) -> Precision:
    """The precision entry of the card."""
    return Precision(name, ("LayerNorm", "softmax", "mean") if name == "fp16" else ())
