"""The precisions of one graph, judged, and the one that is exported."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import onnx
from torch import nn

from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.data.samples import Samples
from edgehuman.errors import ArtefactError, ParityError
from edgehuman.export import networks
from edgehuman.export.graph import int8, learnt
from edgehuman.export.graph.calibration import split
from edgehuman.export.graph.trace import check_weights, weights_sha256
from edgehuman.export.proof import precision
from edgehuman.export.proof.explanation import Refusal, refusal
from edgehuman.export.proof.judge import Judge, answers
from edgehuman.export.proof.precision import Form, Int8Options
from edgehuman.export.proof.samples import balanced, load_samples
from edgehuman.export.words import ExportConfig, num_judges, num_samples


def evidence(config: ExportConfig, network: nn.Module, card: Card) -> tuple[Judge, Samples | None]:
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


def learnt_steps(
    config: ExportConfig, network: nn.Module
) -> tuple[learnt.Learnt | None, list[str]]:
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


def beside_student(config: ExportConfig, judge: Judge) -> tuple[Judge, list[str]]:
    """The judge with what the float student says, of a checkpoint after quantisation-aware
    training; and a remark if that student is not to be found.
    """
    student = networks.float_student(config.checkpoint)
    if student is not None:
        return replace(judge, student=answers(student, judge.samples.array)), []
    return judge, [
        f"the float student of {config.checkpoint} is not in the folder above it: the metric's "
        "drop is that of the trained weights"
    ]


def require_unspoilt(form: Form, judge: Judge, max_drop: float | None, name: str) -> None:
    """Raise ParityError for a graph that lost more to the float student than `--max-drop`, by
    whatever quantisation-aware training did to its weights.
    """
    last, most = form.verdict.to_student, judge.most_lost(max_drop)
    if last is not None and last.drop > most:
        raise ParityError(
            f"{name} in {form.name}: {last.metric} is {last.value:.4f}, {last.drop:.2f} "
            f"points under the float student's, over --max-drop {most:g}: quantisation-aware "
            "training spoilt it. Train with a lower --qat-lr, export the float student, whose "
            "folder is the one above, or give a larger --max-drop"
        )


def forms_of(
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


def named(refused: Refusal, card: Card) -> Refusal:
    return replace(refused, reason=f"{card.name} in {refused.name}: {refused.reason}")


def latency_ms(config: ExportConfig, forms: list[Form | Refusal], judge: Judge) -> dict[str, float]:
    """Latency of ONNX graphs on onnxruntime; `edgehuman bench` measures engines."""
    if config.format != "onnx":
        return {}
    graphs = {form.name: form.model for form in forms if isinstance(form, Form)}
    return precision.latency_ms(graphs, judge, config.threads)


def choose(
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
