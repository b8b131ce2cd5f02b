"""`edgehuman adapt`: a few minutes of one person's labelled recording improve a model for them.

edgehuman adapt zoo:activity --data anna.csv --out anna.onnx

The network stays as it is, bit by bit. An affine step on the logits of its classes is learned from
the recording and put into the card, where everything that runs the model finds it. Without a gain
on windows held out the model is written unchanged, and that is said.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from tyro.conf import Positional

from edgehuman.card import Card, Metric
from edgehuman.catalogue import NETWORKS
from edgehuman.config import HelpFiles
from edgehuman.errors import DataError, UsageError
from edgehuman.files import require_apart, require_usable_file, write_whole
from edgehuman.metrics.adapting import Adapted, adapt
from edgehuman.metrics.affine import compose
from edgehuman.outcome import Outcome
from edgehuman.preprocess.imu.faults import MISSING_SHARE
from edgehuman.preprocess.imu.naming import read_naming, require_found
from edgehuman.preprocess.imu.reading import ReadingFlags
from edgehuman.preprocess.imu.text.columns import column_rows, label_name
from edgehuman.preprocess.imu.text.intervals import Interval, intervals_of, labels_between
from edgehuman.preprocess.imu.text.stamps import require_order
from edgehuman.records import Float32, Float64, Index
from edgehuman.runtime.engine.onnx import open_bytes, read_trusted
from edgehuman.runtime.engine.onnx_file import with_card
from edgehuman.runtime.engine.open import EngineRequest
from edgehuman.runtime.engine.replaced import require_free_or_own
from edgehuman.runtime.imu.answer import MountingName, StreamOptions, require_activity
from edgehuman.runtime.imu.mounting import Mounting
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.imu.source import open_source, recordings_in
from edgehuman.runtime.imu.windows import StreamWindow, WindowMaker
from edgehuman.runtime.loop.play import Playable, say
from edgehuman.runtime.model import Model
from edgehuman.runtime.zoo import file_of

FEW = 20
"""Under so many windows of a class its part of the result is little sure."""
_APART_S = 60.0
# The mode of a new model of one person: its owner's alone, as a gallery is.
_PERSONAL = 0o600


@dataclass(frozen=True, slots=True)
class AdaptConfig(ReadingFlags):
    """Adapt an activity model to one person, from their labelled recordings.

    Attributes:
        model: zoo:NAME, or the path of an .onnx file.
        data: the recordings: CSV files or JSON lines with a column `label`, or with
            `NAME.labels.csv` (start,end,label) beside `NAME.csv`; folders or zips.
        out: the .onnx to write.
        map: other names of the recording's labels: `jogging=walking`; `typing=` is left out.
        mounting: learn from walking how the sensor is mounted, if the model can, or take it as
            fixed, mounted as the model's card says; as in `edgehuman run` later.
        placement: where the sensor is worn, e.g. wrist (default: found out from walking).
        missing_share: a window that lacks a larger share of its rows is not used.
    """

    HELP_FILES: ClassVar[HelpFiles] = (
        ("columns of a CSV file, or keys of a JSON line, in any order", column_rows()),
    )
    model: Positional[str]
    data: tuple[Path, ...]
    out: Path
    map: tuple[str, ...] = ()
    mounting: MountingName = "learn"
    placement: str | None = None
    missing_share: float = MISSING_SHARE


@dataclass(frozen=True, slots=True)
class Labelled:
    """A model's logits on labelled windows.

    Attributes:
        logits_NC: of the classes, as the stream makes them.
        label_N: index of the true class.
        t_s_N: stream time; one recording begins long after the end of the one before.
        unknown: labels that are no class of the model -> windows.
        seen: plain names of the rows' labels, of any length.
    """

    logits_NC: Float32
    label_N: Index
    t_s_N: Float64
    unknown: Mapping[str, int]
    seen: tuple[str, ...] = ()


def adapt_model(config: AdaptConfig) -> Outcome:
    """`edgehuman adapt`: the adapted model, and its macro-F1 on windows held out.

    Raises:
        UsageError: wrong arguments.
        ArtefactError: another task's model, or a damaged one.
        DataError: a wrong recording, or no labelled window of a class of the model.
    """
    if config.model in NETWORKS:
        raise UsageError(
            f"{config.model} is a network without weights; give zoo:activity, or train it"
        )
    path = file_of(config.model)
    _require_files(config, path)
    naming = read_naming(config.map, "--map")
    options = StreamOptions(
        format=config.format,
        mounting=config.mounting,
        placement=config.placement,
        missing_share=config.missing_share,
    )
    request = EngineRequest("onnxruntime-cpu")
    file = read_trusted(path, request)
    model = Model(open_bytes(file, path, request), config.model, request)
    require_activity(model)
    require_free_or_own(config.out, (config.out,), model.card)
    names = class_of_label(model.labels, naming)
    files = [file for each in config.data for file in recordings_in(each, config.rate_hz)]
    sources = (open_source(str(file), format=config.format) for file in files)
    found = collect(model, sources, options, names)
    require_found(map(label_name, naming), found.seen, "--map")
    _require_labels(found, model, config)
    result = adapted(model, found)
    content = file.plain
    if result.rows:
        content = with_card(content, new_card(model.card, result))
    write_whole(config.out, content, mode=_PERSONAL)
    return _outcome(config, model, found, result)


def collect(
    model: Model,
    sources: Iterable[Playable[SampleBlock]],
    options: StreamOptions,
    names: Mapping[str, int | None],
) -> Labelled:
    """A model's logits on the labelled windows of recordings, each made as a stream of its own.

    A window counts only if its label held for all of it.

    Args:
        options: how a later stream is cut; its decision is not used.
        names: plain name of a label -> its class; None: left out.
    """
    logits_N: list[Float32] = []
    label_N: list[int] = []
    t_s_N: list[float] = []
    unknown: Counter[str] = Counter()
    seen: dict[str, None] = {}
    begin_s = 0.0
    for source in sources:
        rows = _RowsOf(source, intervals_of(Path(source.name)))
        end_s = begin_s
        mounting = Mounting(model.card, options.mounting == "fixed", options.placement)
        for window, label in _labelled(model, rows, options):
            imu_TC = window.window.imu_TC
            output_O = model.engine.run(mounting.turned(imu_TC)[None])[0]
            logits_C = mounting.read(imu_TC, output_O, window.t_s)
            end_s = begin_s + window.t_s
            if label is None or not np.isfinite(logits_C).all():
                continue
            place = names.get(label_name(label), -1)
            if place == -1:
                unknown[label] += 1
            elif place is not None:
                logits_N.append(logits_C)
                label_N.append(place)
                t_s_N.append(end_s)
        seen |= dict.fromkeys(map(label_name, rows.labels))
        begin_s = end_s + _APART_S
    logits_NC = np.array(logits_N, np.float32).reshape(-1, len(model.labels))
    return Labelled(logits_NC, np.array(label_N, np.int64), np.array(t_s_N), unknown, tuple(seen))


def _labelled(
    model: Model, rows: _RowsOf, options: StreamOptions
) -> Iterator[tuple[StreamWindow, str | None]]:
    """The usable windows of a recording, each with the label that held for all of it, or None."""
    spec, hop_s = model.card.input, model.card.decision.hop_s
    maker = WindowMaker(
        options.format, spec.shape[0], hop_s, spec.rate_hz, rows.name, options.missing_share
    )
    window_s = spec.shape[0] / spec.rate_hz
    since_s, last, first = -math.inf, None, True
    for window in rows.windows(maker):
        if window.label != last:
            # What comes before the first window is not known, and taken to be the same.
            since_s, last = -math.inf if first else window.t_s, window.label
        first = False
        if window.usable:
            yield window, last if window.t_s - since_s >= window_s else None
    for note in maker.report.notes:
        say(f"{rows.name}: {note}")


class _RowsOf:
    """A recording's rows as windows.

    Args:
        spans: which activity when, for rows without labels; None: not known.

    Attributes:
        labels: the names in its rows so far.
    """

    def __init__(self, source: Playable[SampleBlock], spans: list[Interval] | None = None) -> None:
        self._spans = spans
        self.name = source.name
        self.labels: tuple[str, ...] = ()
        self._source = source

    def windows(self, maker: WindowMaker) -> Iterator[StreamWindow]:
        """Its windows.

        Raises:
            DataError: the rows are not in order, or what `WindowMaker.push` raises.
        """
        stamps: list[Float64] = [np.empty(0)]
        try:
            with self._source:
                for block in self._source if self._spans is None else self._with_spans():
                    stamps.append(block.stamp_s_T)
                    self.labels = block.labels
                    yield from maker.push(block)
            yield from maker.close()
        except DataError:
            require_order(np.concatenate(stamps), self.name)  # which explains the others
            raise
        require_order(np.concatenate(stamps), self.name)

    def _with_spans(self) -> list[SampleBlock]:
        """All blocks, labelled by the intervals unless they have labels of their own."""
        assert self._spans is not None
        blocks = [block for block in self._source if len(block)]
        if not blocks or any(block.label_T is not None for block in blocks):
            return blocks
        stamp_s_T = np.concatenate([block.stamp_s_T for block in blocks])
        text_T = labels_between(self._spans, stamp_s_T, Path(self.name))
        names = tuple(dict.fromkeys(name for name in text_T if name))
        place = {name: at for at, name in enumerate(names)}
        label_T = np.array([place.get(name, -1) for name in text_T], np.int16)
        ends = np.cumsum([len(block) for block in blocks])
        return [
            dataclasses.replace(block, label_T=label_T[end - len(block) : end], labels=names)
            for block, end in zip(blocks, ends.tolist(), strict=True)
        ]


def adapted(model: Model, found: Labelled) -> Adapted:
    """What the labelled windows of a person bring."""
    spec = model.card.input
    return adapt(
        found.logits_NC,
        found.label_N,
        found.t_s_N,
        spec.shape[0] / spec.rate_hz,
        model.card.decision.temperature,
    )


def new_card(card: Card, result: Adapted) -> Card:
    """The card with the step, after the one that it had, and with the numbers that speak for it."""
    rows = compose(result.rows, card.decision.affine)
    protocol = (
        f"one person's own recording, {result.held_out} windows held out in blocks of time; "
        f"{result.before:.4f} before"
    )
    return card.replace(
        decision=dataclasses.replace(card.decision, affine=rows),
        metrics=(*card.metrics, Metric("macro_f1_adapted", round(result.after, 4), protocol)),
    )


def _require_files(config: AdaptConfig, path: Path) -> None:
    """Raise UsageError for a model or an --out that is no .onnx file, or that is an input."""
    for flag, file in (("the model", path), ("--out", config.out)):
        if file.suffix != ".onnx":
            raise UsageError(
                f"{flag} is {file}; `edgehuman adapt` takes and writes files that end in .onnx"
            )
    inputs = {f"--data {each}": each for each in config.data}
    require_apart({"the model": path, **inputs, "--out": config.out})
    require_usable_file(config.out, f"--out {config.out}")


def class_of_label(
    labels: tuple[str, ...], naming: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Plain name of a label -> its class; None: left out.

    Raises:
        UsageError: --map names no class of the model, or several.
    """
    names: dict[str, int | None] = {label_name(name): i for i, name in enumerate(labels)}
    own = dict(names)
    for name, others in naming.items():
        if len(others) > 1 or any(label_name(other) not in own for other in others):
            raise UsageError(
                f"--map {name}={'|'.join(others)}: give one class of the model, or none to leave "
                f"{name} out; its classes: {', '.join(labels)}"
            )
        names[label_name(name)] = own[label_name(others[0])] if others else None
    return names


def _require_labels(found: Labelled, model: Model, config: AdaptConfig) -> None:
    """Raise DataError without a labelled window of a class of the model."""
    if len(found.label_N):
        return
    where, known = ", ".join(map(str, config.data)), ", ".join(model.labels)
    window_s = model.card.input.shape[0] / model.card.input.rate_hz
    if not found.unknown:
        raise DataError(
            f"{where}: no window of {window_s:.3g} s has a label all through; give a recording "
            f"with a column `label`, or NAME.labels.csv beside it, with classes of the model: "
            f"{known}"
        )
    listed = ", ".join(f"{name} ({count} windows)" for name, count in found.unknown.items())
    first = next(iter(found.unknown))
    raise DataError(
        f"{where}: no label is a class of {model.name}. Found: {listed}; its classes: {known}. "
        f"Name them, e.g. --map {first}={model.labels[0]}"
    )


def _outcome(config: AdaptConfig, model: Model, found: Labelled, result: Adapted) -> Outcome:
    counts = np.bincount(found.label_N, minlength=len(model.labels)).tolist()
    windows = {name: n for name, n in zip(model.labels, counts, strict=True) if n}
    measured = result.held_out > 0
    data = {
        "model": config.model,
        "out": str(config.out),
        "changed": bool(result.rows),
        "why_not": result.why_not or None,
        "windows": windows,
        "left_out": [model.labels[i] for i in result.left_out],
        "unknown": dict(found.unknown),
        "held_out": result.held_out,
        "macro_f1_before": result.before if measured else None,
        "macro_f1_after": result.after if measured else None,
        "strength": result.strength or None,
    }
    return Outcome(data, "\n".join(_said(config, model, windows, found, result)))


def _said(
    config: AdaptConfig,
    model: Model,
    windows: Mapping[str, int],
    found: Labelled,
    result: Adapted,
) -> Iterator[str]:
    yield "windows: " + ", ".join(f"{name} {count}" for name, count in windows.items())
    few = [name for name, count in windows.items() if count < FEW]
    if few:
        yield (
            f"few windows (under {FEW}): {', '.join(few)}; record a minute of each for a sure "
            "answer"
        )
    if result.left_out:
        left_out = ", ".join(model.labels[i] for i in result.left_out)
        yield f"too few to learn from and to hold out, left as they are: {left_out}"
    if found.unknown:
        yield f"no class of the model, not used (see --map): {', '.join(found.unknown)}"
    if result.held_out:
        yield (
            f"macro-F1 on {result.held_out} windows held out in blocks of time: "
            f"{result.before:.3f} before, {result.after:.3f} after"
        )
    if result.rows:
        yield f"{config.out}: adapted to this person; for others use {config.model}"
    else:
        yield f"{config.out}: the model UNCHANGED: {result.why_not}"
