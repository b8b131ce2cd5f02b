"""`edgehuman data convert`: a published dataset of wearables as one compact file.

edgehuman data convert "downloads/UCI HAR Dataset" --out uci_har.npz
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.data.imu.converted import save
from edgehuman.data.imu.load import find_layout, layouts
from edgehuman.data.layout import recognised
from edgehuman.errors import DataError, UsageError
from edgehuman.files import require_apart, require_usable_file
from edgehuman.outcome import Outcome


@dataclass(frozen=True, slots=True)
class ConvertConfig:
    """Write a published dataset of wearables as one compact .npz.

    Images need no conversion, and poses have their own: `--kind skeletons`.

    Attributes:
        path: the dataset's folder, as its archive unpacks.
        out: the .npz to write; every command takes it in place of the folder.
        kind: what to convert.
        dataset: expected dataset; recognised from the files if not given.
    """

    path: Positional[Path]
    out: Path
    kind: Literal["imu"] = "imu"
    dataset: str | None = None


def convert(config: ConvertConfig) -> Outcome:
    """`edgehuman data convert`: one file with the recordings as published; nothing is resampled.

    Raises:
        UsageError: --out does not end in .npz, or cannot be written.
        DataError: see `find_layout`; or it holds skeletons or images.
    """
    if config.out.suffix != ".npz":
        raise UsageError(f"--out is {config.out}; give a file that ends in .npz")
    require_apart({"the dataset": config.path, "--out": config.out})
    require_usable_file(config.out, f"--out {config.out}")
    try:
        layout, place = find_layout(config.path, config.dataset)
    except DataError:
        _require_no_other_record(config.path)
        raise
    counted, people = save(config.out, layout.dataset, layout.read, place)
    what = "windows" if layout.read.windows is not None else "recordings"
    megabytes = round(config.out.stat().st_size / 1e6, 1)
    data = {
        "dataset": layout.dataset,
        "out": str(config.out),
        what: counted,
        "people": people,
        "megabytes": megabytes,
    }
    said = f"{layout.dataset}, {counted} {what} of {people} people, {megabytes} MB"
    return Outcome(data, f"{config.out}: {said}")


def _require_no_other_record(path: Path) -> None:
    """Raise DataError for data of another record: which, and the commands that take it as it is."""
    own = {layout.dataset for layout in layouts()}
    for record in catalogue.RECORDS.values():
        known = catalogue.load_object(record.layouts)() if record.layouts else ()
        found = next(recognised(path, known), None) if path.exists() else None
        if found is None or found[0].dataset in own or record.evaluate is None:
            continue
        words = record.evaluate.example.split()
        words[words.index("--data") + 1] = str(path)
        raise DataError(
            f"{path} is {found[0].dataset} ({record.modality}); an .npz is for wearables alone, "
            f"and this needs no conversion: every command takes it as it is, such "
            f"as `edgehuman data check {path}` and `{' '.join(words[: words.index('--data') + 2])}`"
        )
