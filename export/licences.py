"""`edgehuman export --commercial`: refuse a model whose lineage does not allow commercial use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from edgehuman import catalogue
from edgehuman.card import Card, Role, TrainingData
from edgehuman.data.layout import recognised
from edgehuman.data.samples import Samples
from edgehuman.errors import LicenceError
from edgehuman.tables.licences import verdict

_NOT_STATED = "not stated"

_DID: Mapping[Role, str] = {
    "pretraining": "pretrained it",
    "training": "trained it",
    "selection": "selected its checkpoint",
    "calibration": "calibrated it",
    "teacher": "taught its teacher",
}


def require_commercial(card: Card, model: str) -> None:
    """Check that everything that taught a model, teachers included, allows commercial use.

    Raises:
        LicenceError: something does not, or does not say; the message names all of it.
    """
    if card.random_weights:
        return
    found = [said for row in card.data if (said := _refusal(row))]
    if not card.data:
        found.append("its card names no data")
    if card.teachers and all(row.role != "teacher" for row in card.data):
        names = ", ".join(each.name for each in card.teachers)
        found.append(f"its card does not say what taught its teacher {names}")
    if found:
        listed = "; ".join(dict.fromkeys(found))
        raise LicenceError(
            f"--commercial: {model} may not be used commercially, or nobody said so: {listed}. "
            "Train it from other data or another teacher; if the owners gave you permission, "
            "leave out --commercial"
        )


def calibration_row(record: str, data: str, samples: Samples) -> TrainingData:
    """The card's row for what calibrated a graph, with the terms of its dataset: those that it
    states itself, else those of the catalogue, if it has the layout of one there.

    Args:
        record: of the card's input.
        data: a dataset's path, or `simulated`.

    Raises:
        DataError: labels that state no known source.
    """
    windows, subjects = len(samples), len(np.unique(samples.person_N))
    if data.partition(":")[0] == catalogue.SIMULATED:
        licence = "none needed: simulated"
        return TrainingData(
            catalogue.SIMULATED, "calibration", licence, "", windows, subjects, True
        )
    name, licence, url = Path(data).name, _NOT_STATED, ""
    for layout, place in recognised(Path(data), catalogue.step(record, "layouts")()):
        name, row = layout.dataset, catalogue.DATASETS.get(layout.dataset)
        if layout.source is not None:
            name, licence, url = layout.source(place)
        elif row is not None:
            licence, url = row.licence, row.url
        break
    return TrainingData(name, "calibration", licence, url, windows, subjects)


def _refusal(row: TrainingData) -> str:
    """Why a row does not allow it; "" if it does."""
    judged = verdict(row.dataset, row.licence, row.simulated)
    if judged.use == "allowed":
        return ""
    place = f", {row.url}" if row.url else ""
    return f"{row.dataset} ({_DID[row.role]}{place}): {judged.use}, as {judged.reason}"
