"""`edgehuman export`: write a checkpoint as a file for one target, with its card and parity inside.

    edgehuman export runs/activity --precision int8 --data uci_har.npz --out activity-int8.onnx

The order is fixed: network -> float32 graph -> precision -> parity gate -> file. Nothing is written
before the gate, and a file is written whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import onnx
import torch
from torch import nn

from edgehuman.card import Card, Metric, TrainingData
from edgehuman.catalogue import SIMULATED
from edgehuman.data.samples import Samples
from edgehuman.errors import ArtefactError, ParityError
from edgehuman.export import networks
from edgehuman.export.engine import proof as engine_proof
from edgehuman.export.engine import torch_tensorrt as to_torch_tensorrt
from edgehuman.export.graph import frames, int8, learnt
from edgehuman.export.graph.calibration import split
from edgehuman.export.graph.trace import (
    card_of,
    check_weights,
    to_onnx,
    versions,
    weights_sha256,
    with_card,
)
from edgehuman.export.licences import calibration_row, require_commercial
from edgehuman.export.proof import precision
from edgehuman.export.proof.explanation import Refusal, explain, failure, refusal
from edgehuman.export.proof.judge import Judge, Verdict, answers
from edgehuman.export.proof.precision import Form, Int8Options
from edgehuman.export.proof.samples import balanced, load_samples
from edgehuman.export.report import Report, outcome
from edgehuman.export.words import (
    ExportConfig,
    check,
    num_judges,
    num_samples,
    options,
    out_path,
)
from edgehuman.files import require_usable_file, write_together
from edgehuman.metrics import parity
from edgehuman.outcome import Outcome
from edgehuman.runtime.engine import build as to_tensorrt
from edgehuman.runtime.engine.onnx_file import sealed
from edgehuman.runtime.engine.part_files import FRAME, HEAD, part_path
from edgehuman.runtime.engine.replaced import require_free_or_own

__all__ = ["ExportConfig", "export"]

# Samples on which the parts of a set network are held against the whole.
_PROVED = 2
IN_FP32 = "; of the FP32 network, not of this file"


Trace = Callable[[nn.Module, Card], onnx.ModelProto]


def export(config: ExportConfig, trace: Trace | None = None) -> Outcome:
    """Run the whole export.

    Args:
        trace: gives the network's float32 graph instead of `to_onnx`, to export one network many
            times with one trace.

    Raises:
        UsageError: INT8 without data, a value outside its range, or an unknown name.
        MissingDependencyError, EngineError: TensorRT is not installed, or has no GPU to build on.
        ParityError: over budget; nothing was written.
        CheckpointError, DataError, ArtefactError: from reading, tracing or writing.
        LicenceError: see `require_commercial`.
    """
    check(config)
    library = _library(config)
    network, card = networks.load(config.checkpoint, config.seed, config.post)
    if config.commercial:
        require_commercial(card, config.checkpoint)
    card = card.replace(name=config.name or card.name)
    path = out_path(config, card)
    places = _require_place(config, network, card, path)
    judge, calibrating = _evidence(config, network, card)
    if config.format == "torch-tensorrt":
        return _torch_tensorrt(config, library, network, card, judge, path)
    steps, said = _learnt(config, network)
    rows: tuple[TrainingData, ...] = ()
    if calibrating is not None and steps is None:
        rows = (calibration_row(card.input.record, str(config.data), calibrating),)
        if config.commercial:
            require_commercial(card.replace(data=(*card.data, *rows)), config.checkpoint)
    model = (trace or to_onnx)(network, card)
    forms = _forms(config, model, judge, calibrating, steps)
    refused = [form for form in forms if isinstance(form, Refusal)]
    if refused and (config.precision != "auto" or refused[0] is forms[0]):
        raise failure(network, model, _named(refused[0], card), judge, config.explain)
    measured_ms = _latency_ms(config, forms, judge)
    form, notes = _choose(config, forms, measured_ms, judge.most_lost(config.max_drop))
    try:
        parity.require(form.verdict.parity, form.name, card.name)
    except ParityError as error:
        broken = Refusal(form.name, str(error), form.model, form.sensitivity)
        raise failure(network, model, broken, judge, config.explain) from None
    layers = explain(network, model, [form, *refused], judge) if config.explain else ""
    finished = finish(form, judge, rows)
    parts, remarks = _parts(config, network, finished, judge, form.name)
    engine = _write(config, library, finished, path, judge, parts)
    notes, files = (
        [*notes, *remarks, *said, *places],
        [*_files(config, card, path), *(part_path(path, name) for name in parts)],
    )
    return outcome(
        Report(path, files, form.precision, form.verdict, measured_ms, notes, layers, engine)
    )


def finish(
    form: Form, judge: Judge, calibrated_by: tuple[TrainingData, ...] = ()
) -> onnx.ModelProto:
    """Complete the card inside the graph: precision, metrics, parity, and what calibrated it."""
    card = card_of(form.model, "the exported graph")
    if form.name == "int8":
        card = card.replace(data=(*card.data, *calibrated_by))
    return with_card(
        form.model,
        card.replace(
            precision=form.precision,
            metrics=metrics_of(card, form.name),
            parity=proof(form.verdict, judge),
        ),
    )


def metrics_of(card: Card, precision: str) -> tuple[Metric, ...]:
    """The card's metrics, measured in FP32; in any other precision each says so."""
    if precision == "fp32":
        return card.metrics
    return tuple(
        metric
        if metric.protocol.endswith(IN_FP32)
        else replace(metric, protocol=f"{metric.protocol}{IN_FP32}")
        for metric in card.metrics
    )


def proof(verdict: Verdict, judge: Judge) -> dict[str, Any]:
    """The parity entry of a card."""
    return {
        "reference": f"torch {torch.__version__}",
        "source": judge.samples.source,
        "samples_sha256": judge.samples.sha256(),
        **verdict.parity.as_dict(),
        "metric": verdict.metric,
        "metric_value": verdict.value,
        "metric_drop": verdict.drop,
    }


def _library(config: ExportConfig) -> Any:
    """Load the TensorRT that will build, so that a missing one fails before the work."""
    if config.format == "torch-tensorrt":
        return to_torch_tensorrt.load_library()
    if config.format == "onnx" or config.on_device:
        return None
    library = to_tensorrt.load_library(config.engine)
    to_tensorrt.require_target(library, options(config))
    return library


def _require_place(config: ExportConfig, network: nn.Module, card: Card, path: Path) -> list[str]:
    """Check that the result can be written and replaces no other model's file; return remarks."""
    known = card.replace(weights_sha256=weights_sha256(network))
    precision: str | None = None if config.precision == "auto" else config.precision
    if config.format == "tensorrt":
        precision = "int8-tensorrt" if precision == "int8" else precision
        return to_tensorrt.require_place(
            path, known, precision, config.on_device, replace=config.replace
        )
    require_usable_file(path, f"--out {path}", ArtefactError)
    parts = (FRAME, HEAD) if frames.is_set(network) else ()
    files = (path, *(part_path(path, name) for name in parts))
    if config.format == "torch-tensorrt":
        files = to_torch_tensorrt.files_of(path)
    return require_free_or_own(path, files, known, precision, replace=config.replace)


def _files(config: ExportConfig, card: Card, path: Path) -> tuple[Path, ...]:
    """The files that were written."""
    if config.format == "tensorrt":
        return to_tensorrt.files_of(path, card, config.on_device)
    return (path,)


def _evidence(config: ExportConfig, network: nn.Module, card: Card) -> tuple[Judge, Samples | None]:
    """The judge with the network's outputs, and the calibration set if one is needed."""
    check_weights(network, card.name)
    samples = load_samples(card, config.data or SIMULATED)
    calibrating = None
    if config.precision in ("int8", "auto") and config.data is not None:
        count = num_samples(config, card)
        calibrating, judging = split(samples, count, count, config.seed)
    else:
        judging = samples.select(balanced(samples, num_judges(card), config.seed))
    reference = answers(network, judging.array)
    cores = os.cpu_count() or 1
    judge = Judge(judging, reference, card.output, card.decision.temperature, cores)
    return judge, calibrating


def _target(config: ExportConfig) -> int8.Target:
    return "cpu" if config.format == "onnx" else "tensorrt"


def _learnt(config: ExportConfig, network: nn.Module) -> tuple[learnt.Learnt | None, list[str]]:
    """What quantisation-aware training left in the checkpoint, if this INT8 takes it, and remarks.

    Raises:
        CheckpointError: the file is damaged, or belongs to other weights.
    """
    if config.precision not in ("int8", "auto"):
        return None, []
    found = learnt.read(Path(config.checkpoint), weights_sha256(network))
    if found is None:
        return None, []
    reason = ""
    if found.target != _target(config):
        reason = f"for the {found.target} layout, and this file is {_target(config)}"
    elif config.calibration != "auto":
        reason = f"but --calibration is {config.calibration}"
    said = f"steps {learnt.WORDS} are not used: {reason}; calibrated instead" if reason else ""
    return (None, [said]) if said else (found, [])


def _forms(
    config: ExportConfig,
    model: onnx.ModelProto,
    judge: Judge,
    calibrating: Samples | None,
    steps: learnt.Learnt | None,
) -> list[Form | Refusal]:
    """FP32 first, then the requested precision; `auto` tries all."""
    forms = [_attempt(config, "fp32", partial(precision.as_fp32, model, judge))]
    if config.precision in ("fp16", "auto"):
        forms.append(_attempt(config, "fp16", partial(precision.as_fp16, model, judge)))
    if calibrating is not None:
        target = _target(config)
        most = judge.most_lost(config.max_drop)
        wanted = Int8Options(calibrating, target, config.calibration, most, steps)
        forms.append(_attempt(config, "int8", partial(precision.as_int8, model, judge, wanted)))
    elif config.precision == "auto":
        forms.append(Refusal("int8", "not tried; it needs --data"))
    return forms


def _attempt(config: ExportConfig, name: str, make: Callable[[], Form]) -> Form | Refusal:
    """Make a form, or return why it failed: `auto` continues without it.

    Raises:
        ArtefactError: onnxruntime cannot run the requested graph.
    """
    try:
        return make()
    except ParityError as error:
        return refusal(name, error)
    except ArtefactError as error:
        if name == "fp32" or config.precision != "auto":
            raise
        return Refusal(name, str(error))


def _named(refused: Refusal, card: Card) -> Refusal:
    return replace(refused, reason=f"{card.name} in {refused.name}: {refused.reason}")


def _latency_ms(
    config: ExportConfig, forms: list[Form | Refusal], judge: Judge
) -> dict[str, float]:
    """Latency of ONNX graphs on onnxruntime; `edgehuman bench` measures engines."""
    if config.format != "onnx":
        return {}
    graphs = {form.name: form.model for form in forms if isinstance(form, Form)}
    return precision.latency_ms(graphs, judge, config.threads)


def _choose(
    config: ExportConfig,
    forms: list[Form | Refusal],
    measured_ms: dict[str, float],
    max_drop: float,
) -> tuple[Form, list[str]]:
    made = [form for form in forms if isinstance(form, Form)]
    notes = [f"{form.name} refused: {form.reason}" for form in forms if isinstance(form, Refusal)]
    if config.precision == "auto":
        form, refused = precision.fastest(made, measured_ms, max_drop)
        chosen = f"{form.name} chosen: {measured_ms[form.name]:.3f} ms here"
        return form, [*notes, *refused, chosen]
    form = next(f for f in made if f.name == config.precision)
    if form is not made[0] and measured_ms:
        own_ms, base_ms = measured_ms[form.name], measured_ms["fp32"]
        if own_ms > precision.FASTER * base_ms:
            _require_smaller(form, made[0], own_ms, base_ms)
            notes.append(
                f"{form.name} is not faster on this machine's CPU: {own_ms:.3f} ms, "
                f"{base_ms:.3f} ms in fp32"
            )
    return form, notes


def _require_smaller(form: Form, base: Form, own_ms: float, base_ms: float) -> None:
    """Raise ParityError if an INT8 graph that is not faster is not smaller either."""
    own, before = form.model.ByteSize(), base.model.ByteSize()
    if form.name == "int8" and own >= before:
        raise ParityError(
            f"int8 gains nothing: {own:,} bytes and {own_ms:.3f} ms, {before:,} bytes and "
            f"{base_ms:.3f} ms in fp32; nothing was written. Export in fp32 or fp16"
        )


def _parts(
    config: ExportConfig, network: nn.Module, model: onnx.ModelProto, judge: Judge, precision: str
) -> tuple[dict[str, bytes], list[str]]:
    """The two parts of a network that takes its frames as a set, by name, and remarks on them."""
    if config.format != "onnx" or not frames.is_set(network):
        return {}, []
    try:
        parts = frames.split(model)
        frames.require_equal(model, parts, judge.samples.array[:_PROVED], precision)
    except (ArtefactError, ParityError) as error:
        return {}, [f"without parts for single frames: {error}"]
    names = zip((FRAME, HEAD), parts, strict=True)
    return {name: sealed(part.SerializeToString()) for name, part in names}, []


def _write(
    config: ExportConfig,
    library: Any,
    model: onnx.ModelProto,
    path: Path,
    judge: Judge,
    parts: dict[str, bytes],
) -> dict[str, Any]:
    """Write the file, the engine with its two companions, or the bundle; describe the engine."""
    content = sealed(model.SerializeToString())
    card = card_of(model, str(path))
    if config.format == "onnx":
        beside = {part_path(path, name): part for name, part in parts.items()}
        write_together({**beside, path: content})
        return {}
    if config.on_device:
        to_tensorrt.write_bundle(path, content, card, options(config), config.engine)
        return {}
    plan, about = to_tensorrt.build_engine(library, content, options(config), config.timing_cache)
    about = engine_proof.prove(content, plan, about, card, judge.samples.array, judge.reference)
    to_tensorrt.write_engine(path, content, card, plan, about)
    return about


def _torch_tensorrt(
    config: ExportConfig, library: Any, network: nn.Module, card: Card, judge: Judge, path: Path
) -> Outcome:
    name: Literal["fp32", "fp16"] = "fp16" if config.precision == "fp16" else "fp32"
    compiled = to_torch_tensorrt.compile_network(library, network, card, name, options(config))
    verdict = to_torch_tensorrt.judged(compiled, judge, name, card.name, options(config).batch[2])
    numbers = to_torch_tensorrt.precision_of(name)
    finished = card.replace(
        precision=numbers,
        metrics=metrics_of(card, name),
        parity=proof(verdict, judge),
        versions=versions(),
    )
    to_torch_tensorrt.write(library, compiled, judge, path, finished)
    files = to_torch_tensorrt.files_of(path)
    return outcome(Report(path, files, numbers, verdict, {}, [], "", {}))
