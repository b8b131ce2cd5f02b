"""`edgehuman data list | check`, for the datasets of every record (`catalogue.RECORDS`)."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.data.layout import Layout, find, require_there, unknown
from edgehuman.errors import DataError, UsageError
from edgehuman.outcome import Outcome

_FIX = (
    "Give --dataset to see what is missing; `edgehuman data list` shows the layout of each dataset"
)


@dataclass(frozen=True, slots=True)
class ListConfig:
    """List the public datasets that can be read."""


def list_datasets(config: ListConfig) -> Outcome:
    """`edgehuman data list`: source, licence and layout of each dataset."""
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
            f"  commercial use: {row.commercial}{row.why and f' ({row.why})'}",
            f"  weights trained on it may ship: {'yes' if row.weights_may_ship else 'no'}",
            f"  layout:   {layout.looks_like}",
            *(
                f"  {modality}s: {catalogue.load_object(read).looks_like}"
                for modality, read in row.also.items()
            ),
        ]
    lines.append("Compact .npz files of these datasets are recognised too.")
    return Outcome(rows, "\n".join(lines))


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
        "commercial": row.commercial,
        "layout": layout.looks_like,
        "also": {
            modality: catalogue.load_object(read).looks_like for modality, read in row.also.items()
        },
    }


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """Check a dataset's folder or file for missing or wrong data.

    Attributes:
        path: the folder or file.
        dataset: expected dataset; recognised from the files if not given.
        accel_unit: of recordings of a wearable, as of `edgehuman run`: auto, g, ms2 or mg.
        gyro_unit: the same: auto, rads or degs.
        axes: the same: which signed sensor axes are x, y and z, e.g. -y+x+z.
        gyro_axes: the same for the gyroscope if it differs (default: same).
        stamp_unit: the same: auto, s, ms, us or ns.
        rate_hz: the same: rows per second of files whose rows have no stamps; frames per second of
            poses whose files have frame numbers.
        size: of the pictures of poses, WIDTHxHEIGHT, if their files do not state it.
        layout: the order of the joints of poses, if their number does not tell it.
    """

    path: Positional[Path]
    dataset: str | None = None
    accel_unit: str = "auto"
    gyro_unit: str = "auto"
    axes: str = "+x+y+z"
    gyro_axes: str = "same"
    stamp_unit: str = "auto"
    rate_hz: float | None = None
    size: str | None = None
    layout: str | None = None

    def declared(self) -> dict[str, Any]:
        """The flags of reading that differ from their defaults."""
        rest = [each for each in fields(self) if each.name not in ("path", "dataset")]
        values = {each.name: getattr(self, each.name) for each in rest}
        return {each.name: values[each.name] for each in rest if values[each.name] != each.default}


def check(config: CheckConfig) -> Outcome:
    """`edgehuman data check`: exit code 1 if anything is missing or wrong.

    Raises:
        DataError: no such path, or an unknown layout.
        UsageError: no dataset of that name, or units or axes of data whose own are known.
    """
    require_there(config.path)
    declared = config.declared()
    refused: DataError | None = None
    for record in catalogue.RECORDS.values():
        if record.check:
            examine = catalogue.load_object(record.check)
            reads = "declared" in inspect.signature(examine).parameters
            options = {"declared": declared} if reads else {}
            try:
                outcome: Outcome | None = examine(config.path, config.dataset, **options)
            except DataError as error:
                # A dataset of several records: the path may hold another one.
                refused = refused or error
                continue
            if outcome is not None and declared and not reads:
                flags = ", ".join(f"--{name.replace('_', '-')}" for name in declared)
                raise UsageError(
                    f"{config.path} is {record.modality}; {flags}: for recordings of a wearable"
                )
            if outcome is not None:
                return outcome
    records = [record for record in catalogue.RECORDS.values() if record.layouts]
    layouts = [one for record in records for one in catalogue.load_object(record.layouts)()]
    if config.dataset is not None:
        # Raises an error that knows the layouts of every record.
        find(config.path, layouts, config.dataset)
    if refused is not None:
        raise refused
    raise DataError(unknown(config.path, layouts, fix=_FIX))
