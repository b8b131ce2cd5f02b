"""The person table of the docs: how much each objective of SAIP pretraining helps parsing.

    python -m edgehuman.bench.pages.image.person --data ccp --out runs/person [--archs vit_tiny]

--data is Clothing Co-Parsing: `photos`, `masks` and `labels.txt`. The networks are pretrained on
the photos that have no mask, by the recipe saip_ccp.toml with objectives left out, then fine-tuned
to parsing by parsing_ccp.toml, and judged on the fixed test part. Finished runs are kept, so the
command resumes where it stopped. It writes `table.md` and `table.json` to --out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehuman.bench.entry import main
from edgehuman.bench.pages.keep import mean_and_spread, once
from edgehuman.config import read_table, resolve
from edgehuman.outcome import Outcome

# The pretraining objectives that each row leaves out; None: no pretraining.
ROWS: Mapping[str, Sequence[str] | None] = {
    "from scratch": None,
    "CSM": ("--csr", "0", "--css", "0"),
    "CSM + CSR": ("--css", "0"),
    "CSM + CSR + CSS": (),
}
# Identical to photo 0025 of the test part, pixel by pixel.
_REPEATED = "1707"
METRICS = {"mean_iou": "mIoU", "mean_accuracy": "mAcc"}
Scores = Mapping[str, Mapping[str, Mapping[str, list[float]]]]


@dataclass(frozen=True, kw_only=True)
class TableConfig:
    """Measure how much SAIP pretraining helps parsing."""

    data: Path
    """Folder of Clothing Co-Parsing."""
    out: Path = Path("runs/person")
    """Folder of the runs and the table; finished runs are kept."""
    archs: tuple[str, ...] = ("tinyvit_5m",)
    """Networks; each gets every row."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds; each gets one pretraining and one fine-tuning per row."""
    recipes: Path = Path("recipes")
    """Folder of saip_ccp.toml and parsing_ccp.toml."""
    threads: int = 2
    """CPU threads."""
    only_photos: bool = False
    """Only prepare the folder of photos without masks, to pretrain on."""


def unlabelled_photos(config: TableConfig) -> Path:
    """Make a folder of links to the photos without a mask, except a duplicate of a test photo."""
    folder = config.out / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    masked = {path.stem for path in (config.data / "masks").iterdir()}
    for photo in (config.data / "photos").iterdir():
        link = folder / photo.name
        if photo.stem not in {*masked, _REPEATED} and not link.exists():
            link.symlink_to(photo.resolve())
    return folder


def pretrain(config: TableConfig, arch: str, row: str, seed: int) -> Path:
    """The folder of one pretrained backbone."""
    from edgehuman.pretrain.saip.saip import train
    from edgehuman.pretrain.saip.settings import SaipConfig

    folder = config.out / f"{arch}-{_slug(row)}-{seed}-pretrained"
    recipe = config.recipes / "saip_ccp.toml"
    photos = unlabelled_photos(config)
    words = ["--arch", arch, "--data", str(photos), "--out", str(folder)]
    words += ["--seed", str(seed), "--threads", str(config.threads), *(ROWS[row] or ())]

    def run(resume: bool) -> Outcome:
        return train(resolve(SaipConfig, words + ["--resume"] * resume, recipe))

    once(folder, words, recipe, run)
    return folder


def fine_tune(config: TableConfig, arch: str, row: str, seed: int) -> dict[str, float]:
    """Metrics of one fine-tuned network on the test part."""
    from edgehuman.tasks.image.parsing import train
    from edgehuman.tasks.image.settings import ParsingConfig

    folder = config.out / f"{arch}-{_slug(row)}-{seed}-parsing"
    recipe = config.recipes / "parsing_ccp.toml"
    words = ["--arch", arch, "--data", str(config.data), "--out", str(folder)]
    words += ["--seed", str(seed), "--threads", str(config.threads)]
    if ROWS[row] is not None:
        words += ["--weights", str(pretrain(config, arch, row, seed))]

    def run(resume: bool) -> Outcome:
        return train(resolve(ParsingConfig, words + ["--resume"] * resume, recipe))

    found = once(folder, words, recipe, run)["metrics"]
    return {name: float(found[name]) for name in METRICS}


def _slug(row: str) -> str:
    return row.lower().replace(" + ", "_").replace(" ", "_")


def render(scores: Scores, recipes: Path) -> str:
    """The Markdown table; every row says how many seeds it has."""
    lines = [
        "| network | pretraining | mIoU | mAcc | seeds |",
        "|---|---|---:|---:|---:|",
    ]
    for arch, by_row in scores.items():
        for row, by_metric in by_row.items():
            cells = " | ".join(mean_and_spread(by_metric[name]) for name in METRICS)
            lines.append(f"| {arch} | {row} | {cells} | {len(by_metric['mean_iou'])} |")
    first, second = (read_table(recipes / f"{name}_ccp.toml") for name in ("saip", "parsing"))
    size = f"{first['height']}x{first['width']}"
    note = (
        f"Percent on the test part of Clothing Co-Parsing, mean ± standard deviation of the seeds, "
        f"at {size} pixels. Pretraining: {first['steps']} steps of {first['batch']} photos that "
        f"have no mask; fine-tuning: {second['steps']} steps of {second['batch']}."
    )
    return "\n".join([*lines, "", note, ""])


def build_table(config: TableConfig) -> Outcome:
    """Run what is missing, seed by seed, and write the table after every run."""
    if config.only_photos:
        photos = unlabelled_photos(config)
        count = len(list(photos.iterdir()))
        text = f"{photos}: {count} photos without a mask"
        return Outcome({"photos": str(photos), "count": count}, text)
    scores: dict[str, dict[str, dict[str, list[float]]]] = {arch: {} for arch in config.archs}
    text = ""
    for seed in config.seeds:
        for arch in config.archs:
            for row in ROWS:
                found = fine_tune(config, arch, row, seed)
                kept = scores[arch].setdefault(row, {name: [] for name in METRICS})
                for name, value in found.items():
                    kept[name].append(value)
                text = render(scores, config.recipes)
                (config.out / "table.md").write_text(text)
                data: dict[str, Any] = {"scores": scores, "seeds": list(config.seeds)}
                (config.out / "table.json").write_text(json.dumps(data, indent=1))
    return Outcome({"scores": scores, "seeds": list(config.seeds)}, text)


if __name__ == "__main__":
    sys.exit(main(TableConfig, build_table))
