"""Train an activity model again without one of its datasets, to score it there.

    path = model_without("dsads", data=Path("DIR"), out=Path("runs/without"))

The recipe of the model that ships, less one dataset and all other recordings of its people: the
other sets keep their share of a batch. Finished trainings are kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from edgehuman.bench.pages.keep import once
from edgehuman.config import read_table, resolve
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome

FILES: Mapping[str, tuple[str, ...]] = {
    "uci_har": ("uci_har.npz", "hapt_raw.npz"),
    "wisdm2019": ("wisdm2019_phone_4act_20hz.npz",),
    "dsads": ("dsads_rarm_rleg.npz",),
    "geotec": ("geotec_phone_watch.npz",),
}
"""Of each dataset that teaches the model: the files with its people."""
# Of each dataset, one at a time: they are the recipe's lists.
_LISTS = ("data", "balance", "frames")


def words_without(dataset: str, recipe: Path, data: Path) -> list[str]:
    """The flags that take a dataset out of a recipe.

    Raises:
        UsageError: the recipe has no such dataset.
    """
    table = read_table(recipe)
    names = [Path(name).name for name in table.get("data", ())]
    kept = [i for i, name in enumerate(names) if name not in FILES[dataset]]
    if len(kept) == len(names):
        raise UsageError(f"{recipe} does not train on {dataset}; its data: {', '.join(names)}")
    words: list[str] = []
    for key in _LISTS:
        values = [str(table[key][i]) for i in kept]
        if key == "data":
            values = [str(data / one) if one.endswith(".npz") else one for one in values]
        words += [f"--{key}", *values]
    return words


def model_without(
    dataset: str, data: Path, out: Path, recipe: Path, threads: int = 1, seed: int = 0
) -> Path:
    """The artefact of a model that a dataset taught nothing: trained now, unless it is there.

    Args:
        dataset: one of FILES.
        data: folder of the compact files.
        out: folder of the trainings and artefacts.

    Raises:
        UsageError, DataError, TrainingError: see the training; a recipe without the dataset.
    """
    from edgehuman.export.export import ExportConfig, export
    from edgehuman.tasks.imu.activity import train
    from edgehuman.tasks.imu.settings import ActivityConfig

    folder, path = out / dataset, out / f"{dataset}.onnx"
    words = words_without(dataset, recipe, data)
    words += ["--threads", str(threads), "--seed", str(seed), "--out", str(folder)]
    words += ["--no-read-test"]

    def run(resume: bool) -> Outcome:
        config = resolve(ActivityConfig, words + ["--resume"] * resume, recipe)
        stream = config.stream_data
        is_left_out = stream is not None and Path(stream).name in FILES[dataset]
        there = None if stream is None or is_left_out else str(data / Path(stream).name)
        path.unlink(missing_ok=True)
        return train(dataclasses.replace(config, stream_data=there))

    once(folder, words, recipe, run)
    if not path.is_file():
        export(ExportConfig(str(folder), name=f"activity without {dataset}", out=path))
    return path
