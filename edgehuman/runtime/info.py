"""`edgehuman info MODEL`: the card as a page: needs, answers, teachers, measurements, proof, file.

The card alone is read: no engine is opened and PyTorch is not needed, whether the model is
`zoo:NAME`, an ONNX file, an engine (its side file), a checkpoint folder, or a name from
`edgehuman models`, which has no weights and says so first. `--bom` gives the same as a bill of
materials, see `provenance.bom`.
"""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.card import (
    RANDOM_WEIGHTS,
    WEIGHTS,
    Card,
    InputSpec,
    Precision,
    of_weights,
    sha256_of_file,
)
from edgehuman.errors import ArtefactError, EdgehumanError, UsageError
from edgehuman.files import require_apart, write_whole
from edgehuman.metrics.gait.centring import compared_by
from edgehuman.outcome import Outcome, to_json
from edgehuman.progress import tell
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.engine.plan_file import read_side, side_path
from edgehuman.runtime.provenance.bom import bill
from edgehuman.runtime.provenance.members import members_of
from edgehuman.runtime.zoo import file_of
from edgehuman.tables.licences import verdict

_WIDTH = 96
_COLUMN = 16
RANDOM = (
    "RANDOM WEIGHTS: this network has learned nothing. Its answers mean nothing; only its speed "
    "and size do."
)


@dataclass(frozen=True, slots=True)
class InfoConfig:
    """Show what is inside a model."""

    model: Positional[str]
    """zoo:NAME, an .onnx or .engine file, a checkpoint folder, or a name from `edgehuman
    models`."""
    bom: bool = False
    """A bill of materials in place of the page: CycloneDX 1.6 (JSON), with a card of the model."""
    out: Path | None = None
    """Write the bill of materials to this file too."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Attributes:
    card: of the model.
    path: its file.
    engine: of an engine, what built it and for what.
    """

    card: Card
    path: Path
    engine: dict[str, Any] = dataclasses.field(default_factory=dict)


def info(config: InfoConfig) -> Outcome:
    """`edgehuman info`.

    Raises:
        UsageError: no such model.
        ArtefactError, CheckpointError: missing, foreign or corrupted.
    """
    if config.out is not None and not config.bom:
        raise UsageError("--out is for the bill of materials; add --bom, or remove --out")
    if config.model in catalogue.NETWORKS:
        if config.bom:
            raise UsageError(f"{config.model} is a network without weights: there is no bill of it")
        return _network(config.model)
    found = _find(config.model)
    if config.bom:
        return _bill(found, config.out)
    card, size = found.card, found.path.stat().st_size if found.path.is_file() else None
    data = {
        "model": config.model,
        "path": str(found.path),
        "file_bytes": size,
        "random_weights": card.random_weights,
        "mounting": list(mounting(card)),
        "engine": found.engine or None,
        "card": dataclasses.asdict(card),
    }
    return Outcome(data, _text(config.model, found, size))


def _bill(found: _Found, out: Path | None) -> Outcome:
    """The bill of materials of a model and all its files."""
    inputs = files = {found.path.name: found.path}
    if found.path.suffix != ".safetensors":
        model = members_of(found.path)
        files, inputs = model.files, {**model.files, model.signature.name: model.signature}
    table = bill(found.card, {name: sha256_of_file(file) for name, file in files.items()})
    text = to_json(table, indent=1)
    if out is None:
        return Outcome(table, text)
    require_apart({**{f"the model's {name}": file for name, file in inputs.items()}, "--out": out})
    write_whole(out, f"{text}\n".encode(), UsageError)
    return Outcome(table, f"{out}: CycloneDX 1.6, {found.card.name} in {len(files)} file(s)")


def mounting(card: Card) -> tuple[str, ...]:
    """Where the sensor or camera of the data stood that taught the model; "" entries left out."""
    rows = [catalogue.DATASETS.get(row.dataset) for row in card.data]
    return tuple(dict.fromkeys(row.place for row in rows if row is not None and row.place))


def _find(model: str) -> _Found:
    path = file_of(model)
    if path.is_dir():
        if not (path / WEIGHTS).is_file():
            raise ArtefactError(
                f"{path} is a folder without a checkpoint (no {WEIGHTS} in it); give a model file, "
                "or the folder that a training wrote"
            )
        return _Found(of_weights(path / WEIGHTS), path / WEIGHTS)
    if path.name == WEIGHTS or path.suffix == ".safetensors":
        return _Found(of_weights(path), path)
    if path.suffix == ".engine" or path.name.endswith(".engine.json"):
        plan = path.with_name(path.name.removesuffix(".json"))
        if not side_path(plan).is_file() and not plan.is_file():
            raise ArtefactError(f"{plan}: no such file; give the path of a model file")
        about, card = read_side(plan)
        return _Found(card, plan, about)
    return _Found(read_card(path), path)


# The page ----------------------------------------------------------------------------------------


def _text(name: str, found: _Found, size: int | None) -> str:
    card = found.card
    parts = [f"{name}: {card.task}, {card.arch}, {card.precision.name}"]
    if card.random_weights:
        parts.append(textwrap.fill(f"!!! {RANDOM}", _WIDTH))
    parts += [
        _section("what it needs", _needs(card)),
        _section("what it answers", _answers(card)),
        _section("what taught it", _teachers(card)),
        _section("how good", _metrics(card)),
        _section("proof of parity", _parity(card)),
        _section("the file", _file(found, size)),
    ]
    return "\n\n".join(parts)


def _section(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """A title and rows in two columns, wrapped."""
    lines = [title]
    for name, said in rows:
        text = textwrap.wrap(said, _WIDTH - _COLUMN - 2, break_long_words=False) or [""]
        head = f"  {name:<{_COLUMN - 1}} "
        if len(name) >= _COLUMN:
            lines.append(f"  {name}")
            head = " " * (_COLUMN + 2)
        lines += [head + text[0], *(" " * (_COLUMN + 2) + line for line in text[1:])]
    return "\n".join(lines)


def _input_rows(spec: InputSpec) -> list[tuple[str, str]]:
    shape = " x ".join(str(size or "any") for size in spec.shape)
    rows = [("input", f"{spec.record}, {shape}, {spec.dtype}"), ("values", spec.units)]
    if spec.rate_hz:
        length = f", {spec.shape[0] / spec.rate_hz:.3g} s at a time" if spec.shape[0] else ""
        rows.append(("rate", f"{spec.rate_hz:g} Hz{length}; other rates are resampled"))
    return rows


def _needs(card: Card) -> list[tuple[str, str]]:
    row = catalogue.RECORDS.get(card.input.record)
    rows = _input_rows(card.input)
    if row is not None and row.needs:
        rows.append(("bring", row.needs))
    places = mounting(card)
    if places:
        rows.append(("mounting", f"as in its data: {'; '.join(dict.fromkeys(places))}"))
    if card.decision.upright:
        rows.append(("", f"otherwise: learnt from {', '.join(card.decision.upright)}"))
    axes = zip(card.output.placements, card.decision.upright_axes, strict=False)
    said = ", ".join(f"{name} ({axis})" for name, axis in axes)
    if said:
        rows.append(("placements", f"{said}: the axis that is up while walking; --placement"))
    return rows


def _answers(card: Card) -> list[tuple[str, str]]:
    output, decision = card.output, card.decision
    rows: list[tuple[str, str]] = [("kind", output.kind)]
    if output.labels:
        rows.append((f"{len(output.labels)} labels", ", ".join(output.labels)))
    if output.kind == "simcc":
        each = f"{output.dim} logits of x, two a pixel, as many a pixel of y, one of its presence"
        rows.append(("each joint", each))
    elif output.dim:
        size = f"{output.parts} parts of {output.dim}" if output.parts else f"{output.dim}"
        rows.append(("vector", f"{size} numbers, compared by {compared_by(output.distance)}"))
    unknown = [f"below a score of {decision.threshold:.3g}"] if decision.threshold else []
    if decision.energy is not None:
        unknown.append(f"unlike what it learnt: below an energy of {decision.energy:.3g}")
    if unknown:
        rows.append(("unknown", "; ".join(unknown)))
    if decision.smoothing != "none":
        said = f"{decision.smoothing}, {decision.delay_s:g} s later, every {decision.hop_s:g} s"
        rows.append(("smoothing", said))
    if decision.affine:
        rows.append(("adapted", "to one person, by `edgehuman adapt`; for others use the original"))
    return rows


def _teachers(card: Card) -> list[tuple[str, str]]:
    if not card.data:
        return [("nothing", "no data" if card.random_weights else "the card names no data")]
    rows = []
    for row in card.data:
        people = f" of {row.subjects} people" if row.subjects else ""
        made = ", SIMULATED" if row.simulated else ""
        many = f"{row.windows:,} records" if row.windows else "records not counted"
        use = verdict(row.dataset, row.licence, row.simulated).use
        said = f"{row.role}: {many}{people}{made}. Licence: {row.licence} (commercial use: {use})"
        rows.append((row.dataset, f"{said}. {row.url}".rstrip(" .")))
    for each in card.teachers:
        size = f", {each.params:,} parameters" if each.params else ""
        learned = ", ".join(each.objectives)
        rows.append(("teacher", f"{each.arch or 'a network'}{size} ({each.name}): {learned}"))
    return [*rows, ("recipe", f"{card.recipe or 'not said'}, commit {card.commit or 'not said'}")]


def _metrics(card: Card) -> list[tuple[str, str]]:
    if not card.metrics:
        return [("not measured", "the card holds no metric; `edgehuman evaluate` measures it")]
    return [(each.name, f"{each.value:.4g}  ({each.protocol})") for each in card.metrics]


def _parity(card: Card) -> list[tuple[str, str]]:
    table = card.parity
    if not table:
        return [("none", "a checkpoint has no graph yet; `edgehuman export` proves its parity")]
    known = {"reference", "source", "samples", "samples_sha256"}
    said = f"{table.get('reference')} on {table.get('samples')} {table.get('source')}"
    rows = [("against", said)]
    return [*rows, *((name, _number(value)) for name, value in table.items() if name not in known)]


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _file(found: _Found, size: int | None) -> list[tuple[str, str]]:
    card = found.card
    rows = [("path", str(found.path))]
    rows.append(("size", "no file" if size is None else f"{size / 1e6:.2f} MB"))
    rows.append(("precision", _precision(card.precision)))
    rows.append(("network", f"{card.params:,} parameters, {card.flops / 1e6:.1f} MFLOPs a record"))
    if found.engine:
        built = found.engine
        said = f"{built['library']} {built['version']}, {built.get('gpu') or 'no GPU'}"
        rows.append(("built by", f"{said}, {built['platform']}"))
    if card.versions:
        said = ", ".join(f"{name} {version}" for name, version in card.versions.items())
        rows.append(("made with", said))
    return rows


def _precision(precision: Precision) -> str:
    parts = [precision.name]
    if precision.calibration:
        parts.append(f"calibrated on {precision.calibration}")
    if precision.float_layers:
        parts.append(f"{len(precision.float_layers)} layers in float")
    return ", ".join(parts)


def _network(name: str) -> Outcome:
    """The page of a catalogued network: it has no weights, so it has no card."""
    row = catalogue.NETWORKS[name]
    data = {
        "model": name,
        "path": None,
        "file_bytes": None,
        "random_weights": True,
        "network": dataclasses.asdict(row),
        "card": None,
    }
    record = catalogue.RECORDS[row.input]
    trained: Sequence[tuple[str, str]] = [
        ("pretrain", "-" if row.method == "none" else f"edgehuman pretrain --arch {name}"),
        ("task", row.task),
        ("source", row.source),
        ("size", f"{row.params:,} parameters, {row.flops / 1e6:.1f} MFLOPs a record"),
    ]
    parts = [
        f"{name}: {row.family}, {RANDOM_WEIGHTS}",
        textwrap.fill(f"!!! {RANDOM}", _WIDTH),
        _section("what it needs", [("input", row.input), ("bring", record.needs)]),
        _section("the network", trained),
    ]
    return Outcome(data, "\n\n".join(parts))


def saying_random(function: Callable[[Any], Outcome]) -> Callable[[Any], Outcome]:
    """A command's function that first says which of its models have learned nothing, one line each
    on standard error; its data says so as well.
    """

    def saying(config: Any) -> Outcome:
        names = random_models(config)
        for model in names:
            tell(f"edgehuman: {model}: {RANDOM}")
        outcome = function(config)
        if not isinstance(outcome.data, Mapping):
            return outcome
        return dataclasses.replace(outcome, data={"random_weights": bool(names), **outcome.data})

    return saying


def random_models(config: Any) -> list[str]:
    """Of the models that a command's config names, those that have learned nothing.

    What cannot be read here is left out: the command itself says what is wrong with it.
    """
    named = getattr(config, "models", None) or [getattr(config, "model", None)]
    return [name for name in named if isinstance(name, str) and _is_random(name)]


def _is_random(model: str) -> bool:
    if model in catalogue.NETWORKS:
        return True
    try:
        return _find(model).card.random_weights
    except (EdgehumanError, OSError):
        return False
