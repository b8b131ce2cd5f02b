"""`edgehuman export`: write a checkpoint as a file for one target, with its card and parity inside.

    edgehuman export runs/activity --precision int8 --data uci_har.npz --out activity-int8.onnx

The order is fixed: network -> float32 graph -> precision -> parity gate -> file. Nothing is written
before the gate, and a file is written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import onnx
import torch
from torch import nn

from edgehuman.card import Card, Metric, TrainingData
from edgehuman.data.samples import Samples
from edgehuman.errors import ArtefactError, ParityError
from edgehuman.export import networks
from edgehuman.export.beside import has_beside, options_for, require_form
from edgehuman.export.engine import proof as engine_proof
from edgehuman.export.engine import torch_tensorrt as to_torch_tensorrt
from edgehuman.export.forms import (
    beside_student,
    choose,
    evidence,
    forms_of,
    latency_ms,
    learnt_steps,
    named,
    require_unspoilt,
)
from edgehuman.export.graph import frames
from edgehuman.export.graph.trace import (
    card_of,
    to_onnx,
    versions,
    weights_sha256,
    with_card,
)
from edgehuman.export.licences import calibration_row, require_commercial
from edgehuman.export.proof.explanation import Refusal, explain, failure
from edgehuman.export.proof.judge import Judge, Verdict
from edgehuman.export.proof.precision import Form
from edgehuman.export.report import Report, Text, outcome
from edgehuman.export.words import ExportConfig, check, options, out_path
from edgehuman.files import require_usable_file, write_together
from edgehuman.metrics import parity
from edgehuman.outcome import Outcome
from edgehuman.runtime.engine import build as to_tensorrt
from edgehuman.runtime.engine.onnx_file import sealed
from edgehuman.runtime.engine.part_files import FRAME, HEAD, TEXT, part_path
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
    if has_beside(network):
        require_form(config)
    card = _as_asked(config, card)
    path = out_path(config, card)
    places = _require_place(config, network, card, path)
    judge, calibrating = evidence(config, network, card)
    if config.format == "torch-tensorrt":
        return _torch_tensorrt(config, library, network, card, judge, path)
    made = _made(config, network, card, judge, calibrating, trace or to_onnx)
    text = _text(config, network, card)
    parts, remarks = _parts(config, network, made)
    if text is not None:
        parts[TEXT] = text.content
        remarks += [f"text: {note}" for note in text.notes]
    engine = _write(config, library, made, text, path, parts)
    return outcome(
        Report(
            path,
            [*_files(config, card, path), *_files_beside(config, card, path, parts)],
            made.form.precision,
            made.form.verdict,
            made.measured_ms,
            [*made.notes, *remarks, *places],
            made.layers,
            engine,
            None if text is None else text.beside,
        )
    )


def _as_asked(config: ExportConfig, card: Card) -> Card:
    """The card with what the flags say of it."""
    card = card.replace(name=config.name or card.name)
    if config.threshold is None:
        return card
    return card.replace(decision=replace(card.decision, threshold=config.threshold))


@dataclass(frozen=True, slots=True)
class _Made:
    """A graph in the precision asked for, judged, with its card."""

    model: onnx.ModelProto
    form: Form
    judge: Judge
    measured_ms: dict[str, float]
    notes: list[str]
    layers: str

    @property
    def content(self) -> bytes:
        """The bytes of its file."""
        return sealed(self.model.SerializeToString())

    @property
    def beside(self) -> Text:
        """What a report says of it beside another graph."""
        return Text(self.form.precision, self.form.verdict, self.measured_ms)


def _made(
    config: ExportConfig,
    network: nn.Module,
    card: Card,
    judge: Judge,
    calibrating: Samples | None,
    trace: Trace,
) -> _Made:
    """Trace a network, bring it into the precision asked for, and judge it.

    Raises:
        ParityError: over budget.
    """
    steps, said = learnt_steps(config, network)
    if steps is not None:
        judge, missing = beside_student(config, judge)
        said = [*said, *missing]
    rows: tuple[TrainingData, ...] = ()
    if calibrating is not None and steps is None:
        rows = (calibration_row(card.input.record, str(config.data), calibrating),)
        if config.commercial:
            require_commercial(card.replace(data=(*card.data, *rows)), config.checkpoint)
    model = trace(network, card)
    forms = forms_of(config, model, judge, calibrating, steps)
    refused = [form for form in forms if isinstance(form, Refusal)]
    if refused and (config.precision != "auto" or refused[0] is forms[0]):
        raise failure(network, model, named(refused[0], card), judge, config.explain)
    measured_ms = latency_ms(config, forms, judge)
    form, notes = choose(config, forms, measured_ms, judge.most_lost(config.max_drop))
    require_unspoilt(form, judge, config.max_drop, card.name)
    try:
        parity.require(form.verdict.parity, form.name, card.name)
    except ParityError as error:
        broken = Refusal(form.name, str(error), form.model, form.sensitivity)
        raise failure(network, model, broken, judge, config.explain) from None
    layers = explain(network, model, [form, *refused], judge) if config.explain else ""
    return _Made(finish(form, judge, rows), form, judge, measured_ms, [*notes, *said], layers)


def _text(config: ExportConfig, network: nn.Module, card: Card) -> _Made | None:
    """The text encoder beside a network, made in the same way; None: it has none."""
    if not has_beside(network):
        return None
    text, own = cast(Any, network).beside(card)
    judge, calibrating = evidence(config, text, own)
    made = _made(config, text, own, judge, calibrating, to_onnx)
    # It belongs to the whole network, by whose weights the graph of pictures goes too.
    whole = card_of(made.model, own.name).replace(weights_sha256=weights_sha256(network))
    return replace(made, model=with_card(made.model, whole))


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
        **verdict.said(),
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
    parts: tuple[str, ...] = (FRAME, HEAD) if frames.is_set(network) else ()
    parts = (TEXT,) if has_beside(network) else parts
    files = (path, *(part_path(path, name) for name in parts))
    if config.format == "torch-tensorrt":
        files = to_torch_tensorrt.files_of(path)
    return require_free_or_own(path, files, known, precision, replace=config.replace)


def _files(config: ExportConfig, card: Card, path: Path) -> tuple[Path, ...]:
    """The files that were written."""
    if config.format == "tensorrt":
        return to_tensorrt.files_of(path, card, config.on_device)
    return (path,)


def _files_beside(config: ExportConfig, card: Card, path: Path, parts: Iterable[str]) -> list[Path]:
    """The files of these parts."""
    return [file for part in parts for file in _files(config, card, part_path(path, part))]


def _parts(
    config: ExportConfig, network: nn.Module, made: _Made
) -> tuple[dict[str, bytes], list[str]]:
    """The two parts of a network that takes its frames as a set, by name, and remarks on them."""
    if config.format != "onnx" or not frames.is_set(network):
        return {}, []
    try:
        parts = frames.split(made.model)
        record_NTHW = made.judge.samples.array[:_PROVED]
        frames.require_equal(made.model, parts, record_NTHW, made.form.name)
    except (ArtefactError, ParityError) as error:
        return {}, [f"without parts for single frames: {error}"]
    names = zip((FRAME, HEAD), parts, strict=True)
    return {name: sealed(part.SerializeToString()) for name, part in names}, []


def _write(
    config: ExportConfig,
    library: Any,
    made: _Made,
    text: _Made | None,
    path: Path,
    parts: dict[str, bytes],
) -> dict[str, Any]:
    """Write the files, the engines with their companions, or the bundle; describe the engine."""
    content, card = made.content, card_of(made.model, str(path))
    if config.format == "onnx":
        beside = {part_path(path, name): part for name, part in parts.items()}
        write_together({**beside, path: content})
        return {}
    if config.on_device:
        to_tensorrt.write_bundle(path, content, card, options(config), config.engine)
        return {}
    files: dict[Path, bytes] = {}
    if text is not None:
        place = part_path(path, TEXT)
        files, _ = _engine(config, library, text, place)
    own, about = _engine(config, library, made, path)
    write_together({**files, **own})
    return about


def _engine(
    config: ExportConfig, library: Any, made: _Made, path: Path
) -> tuple[dict[Path, bytes], dict[str, Any]]:
    """The files of an engine, built and proved, and what describes it."""
    content, card = made.content, card_of(made.model, str(path))
    asked = options_for(config, card)
    plan, about = to_tensorrt.build_engine(library, content, asked, config.timing_cache)
    samples, reference = made.judge.samples.array, made.judge.reference
    about = engine_proof.prove(content, plan, about, card, samples, reference)
    return to_tensorrt.engine_files(path, content, card, plan, about), about


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
