"""`edgehuman export --commercial`: refuse a model whose lineage does not allow commercial use."""

from __future__ import annotations

from collections.abc import Mapping

from edgehuman.card import Card, Role, TrainingData
from edgehuman.errors import LicenceError
from edgehuman.tables.licences import verdict

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


def _refusal(row: TrainingData) -> str:
    """Why a row does not allow it; "" if it does."""
    judged = verdict(row.dataset, row.licence, row.simulated)
    if judged.use == "allowed":
        return ""
    place = f", {row.url}" if row.url else ""
    return f"{row.dataset} ({_DID[row.role]}{place}): {judged.use}, as {judged.reason}"
