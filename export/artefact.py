"""`edgehuman export`: a checkpoint to a file for one target, with its card and its proof inside.

    edgehuman export runs/activity --precision int8 --data uci_har.npz --max-drop 0.5 --out
    activity-int8.onnx

The order is fixed: network -> float32 graph -> the precision -> the gate -> the file. Nothing is
written before the gate, and the file appears whole or not at all.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import onnx
import torch
from torch import nn
from tyro.conf import Positional

from edgehuman.card import Card
from edgehuman.errors import ParityError, UsageError
from edgehuman.export import layers, networks, parity, precision
from edgehuman.export.calibration import balanced, split
from edgehuman.export.judge import Judge, answers
from edgehuman.export.precision import Form, Int8Options
from edgehuman.export.records import SIMULATED, Samples, load_samples
from edgehuman.export.to_onnx import card_of, to_onnx, with_card
from edgehuman.export.writing import require_writable, write_whole
from edgehuman.outcome import Outcome
from edgehuman.runtime.onnx_file import sealed

# Parity of a float graph needs few samples; the metric of an INT8 graph needs many.
_FLOAT_JUDGES = 64
_EXPLAINED = 8


@dataclass(frozen=True)
class ExportConfig:
    """A checkpoint to an ONNX or TensorRT file that carries its card and its proof of parity."""

    checkpoint: Positional[str]
    """A checkpoint folder, or a name from `edgehuman models` (then with seeded random weights, for
    checks).
    """
    format: Literal["onnx", "tensorrt", "torch-tensorrt"] = "onnx"
    """What to write."""
    precision: Literal["fp32", "fp16", "int8", "auto"] = "fp32"
    """Of the numbers in the graph. `auto` measures on this machine and refuses what is not
    faster.
    """
    data: str | None = None
    """A dataset's path, or `simulated`: judges every export, calibrates INT8 (which has no
    default).
    """
    max_drop: float = 0.5
    """Points of the task metric that INT8 may lose; layers are left in float until it holds."""
    calibration: Literal["auto", "minmax", "percentile", "entropy"] = "auto"
    """How INT8 ranges are taken; `auto` keeps the best of the three for the task metric."""
    samples: int = 512
    """Samples that calibrate INT8, and as many of other people that judge it."""
    out: Path | None = None
    """The file to write; by default NAME.onnx, or NAME.engine, in this folder."""
    name: str | None = None
    """The model's name in its card; by default the checkpoint's own."""
    threads: int = 1
    """Threads of onnxruntime where latency is measured."""
    explain: bool = False
    """Print the layer table: how far each layer is from the network, and where they part."""
    seed: int = 0
    """Of the random weights of a catalogue name, and of the choice of samples."""


def export(config: ExportConfig) -> Outcome:
    """The whole export; see the module's first lines.

    Raises:
        UsageError: INT8 without data; values outside their range; no such name.
        ParityError: over budget, nothing was written.
        CheckpointError, DataError, ArtefactError: as the parts raise them.
    """
    _check(config)
    network, card = networks.load(config.checkpoint, config.seed)
    card = card.replace(name=config.name or card.name)
    path = out_path(config, card)
    require_writable(path)
    judge, calibrating = _evidence(config, network, card)
    model = to_onnx(network, card)
    forms = _forms(config, model, judge, calibrating)
    measured_ms = precision.latency_ms(
        {form.name: form.model for form in forms}, judge, config.threads
    )
    form, notes = _choose(config, forms, measured_ms)
    explanation = _explain(network, model, form, judge) if config.explain else ""
    try:
        parity.require(form.verdict.parity, form.name, card.name)
    except ParityError as error:
        raise ParityError(f"{error}\n{explanation}".rstrip()) from None
    finished = finish(form, judge)
    write_whole(path, sealed(finished.SerializeToString()))
    return _outcome(path, form, measured_ms, notes, explanation)


def export_catalogue(name: str, seed: int, folder: Path) -> Path:
    """A catalogue network with seeded random weights as `folder/NAME.onnx`, judged on simulated
    samples.
    """
    path = folder / f"{name}.onnx"
    export(ExportConfig(name, seed=seed, out=path, data=SIMULATED))
    return path


def out_path(config: ExportConfig, card: Card) -> Path:
    """Where the artefact goes."""
    suffix = ".onnx" if config.format == "onnx" else ".engine"
    if config.out is None:
        return Path(f"{card.name.replace(' ', '-')}{suffix}")
    if config.out.suffix != suffix:
        raise UsageError(
            f"--out is {config.out}; a {config.format} file ends in {suffix}, by which `edgehuman "
            "run` knows it"
        )
    return config.out


def finish(form: Form, judge: Judge) -> onnx.ModelProto:
    """The graph with its card complete: precision and proof."""
    card = card_of(form.model, "the exported graph")
    proof: dict[str, Any] = {
        "reference": f"torch {torch.__version__}",
        "source": judge.samples.source,
        "samples_sha256": judge.samples.sha256(),
        **form.verdict.parity.as_dict(),
        "metric": form.verdict.metric,
        "metric_value": form.verdict.value,
        "metric_drop": form.verdict.drop,
    }
    return with_card(form.model, card.replace(precision=form.precision, parity=proof))


def _check(config: ExportConfig) -> None:
    if config.precision == "int8" and config.data is None:
        raise UsageError(
            "--precision int8 needs --data: the records whose ranges it keeps. There is no "
            "default: "
            "an unfitting set ruins the model in silence. Give a dataset's path, or `simulated`"
        )
    for flag, value, low in (
        ("--max-drop", config.max_drop, 0),
        ("--samples", config.samples, 16),
        ("--threads", config.threads, 1),
    ):
        if not value >= low:
            raise UsageError(f"{flag} is {value}; it must be at least {low}")


def _evidence(config: ExportConfig, network: nn.Module, card: Card) -> tuple[Judge, Samples | None]:
    """The judge with the network's own answers, and the calibration set where there is one."""
    data = config.data or SIMULATED
    samples = load_samples(card, data)
    cores = os.cpu_count() or 1
    if config.precision in ("int8", "auto") and config.data is not None:
        calibrating, judging = split(samples, config.samples, config.samples, config.seed)
    else:
        calibrating = None
        judging = samples.select(balanced(samples, _FLOAT_JUDGES, config.seed))
    reference = answers(network, judging.array)
    return Judge(judging, reference, card.output, card.decision.temperature, cores), calibrating


def _forms(
    config: ExportConfig, model: onnx.ModelProto, judge: Judge, calibrating: Samples | None
) -> list[Form]:
    """FP32 first, then what was asked for; `auto` asks for all that the data allows."""
    forms = [precision.as_fp32(model, judge)]
    if config.precision in ("fp16", "auto"):
        forms.append(precision.as_fp16(model, judge))
    if config.precision in ("int8", "auto") and calibrating is not None:
        target: Literal["cpu", "tensorrt"] = "cpu" if config.format == "onnx" else "tensorrt"
        options = Int8Options(calibrating, target, config.calibration, config.max_drop)
        forms.append(precision.as_int8(model, judge, options))
    return forms


def _choose(
    config: ExportConfig, forms: list[Form], measured_ms: dict[str, float]
) -> tuple[Form, list[str]]:
    if config.precision == "auto":
        form, notes = precision.fastest(forms, measured_ms, config.max_drop)
        if config.data is None:
            notes.append("int8 was not tried: it needs --data")
        return form, [*notes, f"{form.name} chosen: {measured_ms[form.name]:.3f} ms here"]
    form = next(f for f in forms if f.name == config.precision)
    own_ms, base_ms = measured_ms[form.name], measured_ms["fp32"]
    if form is not forms[0] and own_ms > precision.FASTER * base_ms and config.format == "onnx":
        return form, [
            f"{form.name} is not faster on this machine's CPU: {own_ms:.3f} ms, {base_ms:.3f} ms "
            "in fp32"
        ]
    return form, []


def _explain(network: nn.Module, model: onnx.ModelProto, form: Form, judge: Judge) -> str:
    few = judge.samples.array[:_EXPLAINED]
    parts = ["network against graph", layers.table(layers.of_network(network, model, few), "fp32")]
    if form.name != "fp32":
        parts += [
            f"\nfp32 against {form.name}",
            layers.table(layers.of_graphs(model, form.model, few), form.name),
        ]
    if form.sensitivity:
        parts.append("\nerror of the output with one layer in INT8")
        parts += [f"{row.error:.2e}  {row.layer}" for row in form.sensitivity]
    return "\n".join(parts)


def _outcome(
    path: Path, form: Form, measured_ms: dict[str, float], notes: list[str], explanation: str
) -> Outcome:
    verdict = form.verdict
    data = {
        "path": str(path),
        "precision": form.precision.name,
        "parity": verdict.parity.as_dict(),
        "metric": verdict.metric,
        "metric_value": verdict.value,
        "metric_drop": verdict.drop,
        "float_layers": list(form.precision.float_layers),
        "calibration": form.precision.calibration,
        "latency_ms": measured_ms,
        "bytes": path.stat().st_size,
        "notes": notes,
    }
    agreement = verdict.parity.top1_agreement
    lines = [
        *([explanation, ""] if explanation else []),
        f"{path} ({path.stat().st_size / 1e6:.2f} MB, {form.precision.name})",
        f"parity on {verdict.parity.samples} samples: cosine {verdict.parity.cosine:.6f}, "
        f"max abs {verdict.parity.max_abs:.2e}"
        + (f", same class {100 * agreement:.1f} %" if agreement is not None else ""),
        f"{verdict.metric} {verdict.value:.4f}, {verdict.drop:+.2f} points lost",
        "median of one sample: "
        + ", ".join(f"{name} {value:.3f} ms" for name, value in measured_ms.items()),
        *(
            [f"in float: {', '.join(form.precision.float_layers)}"]
            if form.precision.float_layers
            else []
        ),
        *notes,
    ]
    return Outcome(data, "\n".join(lines))
