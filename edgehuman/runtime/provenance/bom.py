"""A model's card as a bill of materials: CycloneDX 1.6, for tools that collect such lists.

    table = bill(card, {"activity.onnx": sha256})       `edgehuman info MODEL --bom`

What the card does not say stands nowhere in it. The same files give the same bytes: it has no date.
Source: https://cyclonedx.org/docs/1.6/json (component, modelCard, pedigree).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from edgehuman.card import RANDOM_WEIGHTS, Ancestor, Card, InputSpec, TrainingData, sha256_of_bytes
from edgehuman.install import VERSION
from edgehuman.metrics.gait.centring import compared_by
from edgehuman.outcome import to_json
from edgehuman.tables.licences import verdict

SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
Table = dict[str, Any]
_MODEL = "machine-learning-model"
# How cards write licences that have an SPDX identifier.
_SPDX = {
    "CC BY 4.0": "CC-BY-4.0",
    "CC BY-SA 4.0": "CC-BY-SA-4.0",
    "CC BY-NC 4.0": "CC-BY-NC-4.0",
    "CC BY-NC-SA 4.0": "CC-BY-NC-SA-4.0",
    "CC BY-NC-ND 4.0": "CC-BY-NC-ND-4.0",
    "CC0 1.0": "CC0-1.0",
    "Apache-2.0": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "MIT": "MIT",
    "BSD-3-Clause": "BSD-3-Clause",
}
_APPROACH = {
    "classes": "supervised",
    "attributes": "supervised",
    "heatmaps": "supervised",
    "segmentation": "supervised",
    "boxes": "supervised",
    "person_parts": "supervised",
    "part_attributes": "supervised",
    "simcc": "supervised",
    "tokens": "self-supervised",
}
_URL = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
_MODEL_REF = "model"


def bill(card: Card, files: Mapping[str, str]) -> Table:
    """The bill of a model.

    Args:
        card: of the model.
        files: the model's files: name -> SHA-256.
    """
    data = [_dataset(i, row) for i, row in enumerate(card.data)]
    teachers = [_teacher(i, each) for i, each in enumerate(card.teachers)]
    parts = [each["bom-ref"] for each in (*data, *teachers)]
    identity = sha256_of_bytes(to_json([card.to_json(), dict(files)]).encode())
    tool = {"type": "application", "name": "edgehuman", "version": VERSION}
    return {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(identity[:32], version=4)}",
        "version": 1,
        "metadata": {"tools": {"components": [tool]}, "component": _model(card, files, teachers)},
        "components": [*data, *teachers],
        "dependencies": [
            {"ref": _MODEL_REF, "dependsOn": parts},
            *({"ref": part} for part in parts),
        ],
    }


def _model(card: Card, files: Mapping[str, str], teachers: list[Table]) -> Table:
    names = dict.fromkeys(row.licence for row in card.data)
    found: Table = {
        "type": _MODEL,
        "bom-ref": _MODEL_REF,
        "name": card.name,
        "description": f"{card.task}: {card.arch} in {card.precision.name}",
        "pedigree": _pedigree(card, teachers),
        "modelCard": _card(card),
        "properties": _properties(
            {
                "parameters": card.params,
                "flops": card.flops,
                "precision": card.precision.name,
                "weights_sha256": card.weights_sha256,
                "random_weights": card.random_weights or "",
                **{f"made_with:{name}": version for name, version in card.versions.items()},
                **{f"parity:{name}": value for name, value in card.parity.items()},
            }
        ),
    }
    if card.weights_sha256:
        found["version"] = card.weights_sha256[:12]
    if len(files) == 1:
        found["hashes"] = _hashes(*files.values())
    if files:
        found["components"] = [
            {"type": "file", "bom-ref": f"file:{name}", "name": name, "hashes": _hashes(digest)}
            for name, digest in files.items()
        ]
    if names:
        # The terms of what it learnt from, ancestors included: the card has no other licence.
        found["licenses"] = [_licence(name) for name in names]
    return found


def _pedigree(card: Card, teachers: list[Table]) -> Table:
    found: Table = {}
    if teachers:
        found["ancestors"] = [
            {**{key: value for key, value in each.items() if key != "bom-ref"}} for each in teachers
        ]
    if card.commit:
        found["commits"] = [{"uid": card.commit}]
    if card.recipe:
        found["notes"] = card.recipe
    return found


def _card(card: Card) -> Table:
    parameters: Table = {
        "task": card.task,
        "architectureFamily": card.arch.partition("_")[0],
        "modelArchitecture": card.arch,
        "datasets": [{"ref": _data_ref(i)} for i in range(len(card.data))],
        "inputs": [{"format": _input(card.input)}],
        "outputs": [{"format": _output(card)}],
    }
    if approach := _APPROACH.get(card.output.kind):
        parameters["approach"] = {"type": approach}
    metrics = [
        {"type": each.name, "value": f"{each.value:.6g}", "slice": each.protocol}
        for each in card.metrics
    ]
    return {
        "modelParameters": parameters,
        "quantitativeAnalysis": {"performanceMetrics": metrics},
        "considerations": {"technicalLimitations": list(_limits(card))},
    }


def _input(spec: InputSpec) -> str:
    shape = " x ".join(str(size or "any") for size in spec.shape)
    rate = f", {spec.rate_hz:g} Hz" if spec.rate_hz else ""
    return f"{spec.record}: {spec.dtype} {shape}{rate}; {spec.units}"


def _output(card: Card) -> str:
    output = card.output
    if output.labels:
        return f"{output.kind}: {', '.join(output.labels)}"
    if output.kind == "boxes":
        return "boxes: x1, y1, x2, y2 in pixels of the input, score"
    size = f" of {output.parts} x {output.dim}" if output.parts else f" of {output.dim}"
    return f"{output.kind}{size if output.dim else ''}, compared by {compared_by(output.distance)}"


def _limits(card: Card) -> Iterator[str]:
    if card.random_weights:
        yield f"{RANDOM_WEIGHTS}: its answers mean nothing"
    if any(row.simulated for row in card.data):
        some = "all" if all(row.simulated for row in card.data) else "some"
        yield f"{some} of its data are simulated people"
    if not card.data and not card.random_weights:
        yield "its card names no data"
    for row in card.data:
        if (found := verdict(row.dataset, row.licence, row.simulated)).use != "allowed":
            yield f"commercial use is {found.use}: {row.dataset}: {found.reason}"


def _dataset(place: int, row: TrainingData) -> Table:
    people = f", {row.subjects} people" if row.subjects else ""
    made = ", simulated" if row.simulated else ""
    said = f"{row.role}: {row.windows} records{people}{made}"
    content: Table = {"type": "dataset", "name": row.dataset, "description": said}
    found: Table = {
        "type": "data",
        "bom-ref": _data_ref(place),
        "name": row.dataset,
        "description": said,
        "licenses": [_licence(row.licence)],
        "data": [content],
    }
    if _URL.fullmatch(row.url):
        content["contents"] = {"url": row.url}
        found["externalReferences"] = [{"type": "distribution", "url": row.url}]
    return found


def _data_ref(place: int) -> str:
    return f"data:{place}"


def _teacher(place: int, each: Ancestor) -> Table:
    return {
        "type": _MODEL,
        "bom-ref": f"teacher:{place}",
        "name": each.name,
        "description": f"teacher of the distillation; learnt of it: {', '.join(each.objectives)}",
        "properties": _properties(
            {"arch": each.arch, "parameters": each.params or "", "digest": each.digest}
        ),
    }


def _licence(text: str) -> Table:
    known = _SPDX.get(text.strip())
    return {"license": {"id": known} if known else {"name": text or "not stated"}}


def _hashes(*digests: str) -> list[Table]:
    return [{"alg": "SHA-256", "content": digest} for digest in digests]


def _properties(values: Mapping[str, Any]) -> list[Table]:
    """What the standard has no field for; empty values are left out."""
    return [
        {"name": f"edgehuman:{name}", "value": str(value)}
        for name, value in values.items()
        if value not in ("", None)
    ]
