"""What somebody wears, as JSON and in words."""

from __future__ import annotations

from typing import Any

from edgehuman.metrics.garments.answers import Item


def row_of(item: Item) -> dict[str, Any]:
    """Something worn as one JSON object."""
    row: dict[str, Any] = {
        "label": item.label,
        "box": [round(value, 2) for value in item.box_4.tolist()],
        "score": round(item.score, 4),
    }
    if item.mask_HW is not None:
        row["mask_pixels"] = int(item.mask_HW.sum())
    return {**row, "attributes": {name: round(p, 4) for name, p in item.attributes.items()}}


def words_of(item: Item) -> str:
    """Something worn in words: "coat (zip-up, check)"."""
    said = ", ".join(item.attributes)
    return f"{item.label} ({said})" if said else item.label
