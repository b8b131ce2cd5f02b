"""`edgehuman data convert`: a published dataset of wearables as one compact file.

edgehuman data convert "downloads/UCI HAR Dataset" --out uci_har.npz
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.data.imu.converted import save
from edgehuman.data.imu.load import find_layout
from edgehuman.errors import UsageError
from edgehuman.files import require_apart, require_usable_file
from edgehuman.outcome import Outcome


@dataclass(frozen=True, slots=True)
class ConvertConfig:
    """Write a published dataset of wearables as one compact .npz.

    Attributes:
        path: the dataset's folder, as its archive unpacks.
        out: the .npz to write; every command takes it in place of the folder.
        dataset: expected dataset; recognised from the files if not given.
    """

    path: Positional[Path]
    out: Path
    dataset: str | None = None


def convert(config: ConvertConfig) -> Outcome:
    """`edgehuman data convert`: one file with the recordings as published; nothing is resampled.

    Raises:
        UsageError: --out does not end in .npz, or cannot be written.
        DataError: see `find_layout`.
    """
    if config.out.suffix != ".npz":
        raise UsageError(f"--out is {config.out}; give a file that ends in .npz")
    require_apart({"the dataset": config.path, "--out": config.out})
    require_usable_file(config.out, f"--out {config.out}")
    layout, place = find_layout(config.path, config.dataset)
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
