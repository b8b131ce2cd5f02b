"""`edgehuman data list | check`: what each record says of its datasets (`catalogue.RECORDS`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.data.layout import Layout, require_there, unknown
from edgehuman.errors import DataError
from edgehuman.outcome import Outcome

_FIX = (
    "Name the dataset that it should be with --dataset, to be told what is missing; `edgehuman "
    "data list` shows how each is laid out"
)


@dataclass(frozen=True, slots=True)
class ListConfig:
    """The public datasets with a reader here."""


def list_datasets(config: ListConfig) -> Outcome:
    """`edgehuman data list`: where to get each, under what terms, how it is laid out."""
    records = [record for record in catalogue.RECORDS.values() if record.extent]
    extent_of = {record.modality: catalogue.load_object(record.extent) for record in records}
    rows: list[dict[str, Any]] = []
    lines: list[str] = []
    for name, row in catalogue.DATASETS.items():
        layout: Layout[Any] = catalogue.load_object(row.read)
        rows.append(_row(name, row, layout))
        lines += [
            f"{name}: {extent_of[row.modality](row)}",
            f"  get it:   {row.url or 'no public address; the compact file only'}",
            f"  licence:  {row.licence}",
            f"  weights trained on it may ship: {'yes' if row.weights_may_ship else 'no'}",
            f"  give:     {layout.looks_like}",
        ]
    return Outcome(rows, "\n".join([*lines, "Compact .npz files of these are recognised too."]))


def _row(name: str, row: catalogue.Dataset, layout: Layout[Any]) -> dict[str, Any]:
    return {
        "name": name,
        "modality": row.modality,
        "people": row.people,
        "classes": row.classes,
        "rate_hz": row.rate_hz,
        "hours": row.hours,
        "pictures": row.pictures,
        "walks": row.walks,
        "url": row.url,
        "licence": row.licence,
        "weights_may_ship": row.weights_may_ship,
        "layout": layout.looks_like,
    }


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """What is missing or wrong in a dataset's folder or file.

    Attributes:
        path: the folder or file.
        dataset: what it should be; recognised from the files where not given.
    """

    path: Positional[Path]
    dataset: str | None = None


def check(config: CheckConfig) -> Outcome:
    """`edgehuman data check`: exit code 1 where anything is missing or wrong.

    Raises:
        DataError: no such path, or one that no record knows.
        UsageError: no dataset of that name.
    """
    require_there(config.path)
    for record in catalogue.RECORDS.values():
        if record.check:
            outcome: Outcome | None = catalogue.load_object(record.check)(
                config.path, config.dataset
            )
            if outcome is not None:
                return outcome
    if config.dataset is not None:
        catalogue.find(catalogue.DATASETS, "dataset", config.dataset)
    records = [record for record in catalogue.RECORDS.values() if record.layouts]
    layouts = [one for record in records for one in catalogue.load_object(record.layouts)()]
    raise DataError(unknown(config.path, layouts, fix=_FIX))
