"""The gait table of the docs: which recognisers find people whom no training has seen.

    python -m edgehuman.bench.pages.skeleton.gait --out runs/g [--model DIR|ONNX] [--ucalgary NPZ]

It compares a pretrained network, five networks of the same kind with random weights, and bone
lengths alone, on simulated people never seen and on the real Kinect walks of UCalgary. UCalgary is
for evaluation only: nothing here is chosen by it. `edgehuman evaluate` computes every row. Finished
evaluations are kept, so the command resumes where it stopped; a changed model or file is scored
again. It writes `table.md` and `table.json` to --out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehuman import catalogue
from edgehuman.bench.entry import main
from edgehuman.bench.evaluate.skeleton import EvaluateConfig, evaluate
from edgehuman.bench.pages.keep import mean_and_spread, once
from edgehuman.card import WEIGHTS, sha256_of_file
from edgehuman.catalogue import SIMULATED
from edgehuman.errors import DataError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.runtime.zoo import ZOO, zoo_file

METRICS = {"rank1": "rank-1", "rank5": "rank-5", "map": "mAP"}
_RANDOM_NETWORKS = 5
# Part of the request: an answer kept without this key does not count.
_EACH = "random_weights_each"
_ABSENT = "not measured"
Table = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TableConfig:
    """Zero-shot recognition by gait: pretrained, random weights, bone lengths."""

    out: Path = Path("runs/gait")
    """Folder of the evaluations and the table; finished ones are kept."""
    model: str = "zoo:gait-skeleton"
    """`zoo:NAME`, an artefact, or the folder of a checkpoint."""
    ucalgary: Path | None = None
    """The compact .npz of the UCalgary walks (`edgehuman data check FILE` knows it); without it its
    rows say that they were not measured. No command makes it of the published files: their layout
    is not known here. Its fields: x (frames, joints, 3) metres, joints (names), and of each walk
    length, subject, seq (run), gait (N: normal), duplicate."""
    threads: int = 1
    """Threads inside one operator."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise UsageError(f"--threads is {self.threads}; it must be at least 1")


@dataclass(frozen=True, slots=True)
class Judged:
    """Results on one set of walks.

    Attributes:
        answer: the model's result from `evaluate`.
        random: metrics of each network with random weights.
        random_missing: why there are none, if so.
    """

    answer: Mapping[str, Any]
    random: Sequence[Table]
    random_missing: str

    def rows(self) -> dict[str, Sequence[Table]]:
        """Metrics of each recogniser, one table per network."""
        name = "random weights" if self.answer["random_weights"] else "pretrained"
        return {
            f"{name}: {self.answer['arch']}": [self.answer["metrics"]],
            "random weights": self.random,
            "bone lengths alone": [self.answer["baselines"]["bone_lengths"]],
        }


def fingerprint(path: Path) -> str:
    """Short digest of a file; for a checkpoint folder, of its weights.

    Raises:
        DataError: the file is missing or cannot be read.
    """
    path = path / WEIGHTS if path.is_dir() else path
    try:
        return sha256_of_file(path)
    except OSError as error:
        raise DataError(
            f"cannot read {path} ({error.strerror}); check its name and permissions"
        ) from None


def identity(model: str) -> str:
    """What tells apart two models of the same name.

    Raises:
        UsageError: no such zoo model. DataError: no such file.
    """
    if model in catalogue.NETWORKS:
        return model
    return fingerprint(zoo_file(model) if model.startswith(ZOO) else Path(model))


def answer_of(config: TableConfig, data: str) -> dict[str, Any]:
    """The result of `edgehuman evaluate`, kept from an earlier call or computed now."""
    where = SIMULATED if data == SIMULATED else "real"
    folder = config.out / f"{where}-{Path(config.model).name.replace(':', '_')}"
    holds = SIMULATED if data == SIMULATED else fingerprint(Path(data))
    words = EvaluateConfig(
        config.model, data=data, random_networks=_RANDOM_NETWORKS, threads=config.threads
    )
    asked = [identity(config.model), holds, f"{_RANDOM_NETWORKS} {_EACH}"]
    return once(folder, asked, None, lambda resume: evaluate(words))


def judge(config: TableConfig, data: str) -> Judged:
    """The model, the random networks and bone lengths on one set of walks."""
    answer = answer_of(config, data)
    each = answer[_EACH]
    return Judged(answer, each, "" if each else answer["baselines_left_out"]["random_weights"])


def kind_of(answer: Mapping[str, Any]) -> str:
    """How the table names the walks; simulated ones are always marked."""
    if answer["simulated"]:
        return "simulated people, never seen"
    return f"{answer['dataset']}, real people"


def lines_of(judged: Judged) -> list[str]:
    """Rows of one set of walks, without an end."""
    answer = judged.answer
    counts = f"{answer['probes']} | {answer['people']}"
    lines = []
    for name, tables in judged.rows().items():
        if tables:
            found = " | ".join(mean_and_spread([t[key] for t in tables]) for key in METRICS)
        else:
            found = " | ".join([_ABSENT] * len(METRICS))
        lines.append(f"| {kind_of(answer)} | {name} | {found} | {counts} |")
    return lines


def note_of(judged: Judged) -> str:
    """How one set of walks was scored, the weight of one probe, and what is missing."""
    answer = judged.answer
    missing = f" No random weights: {judged.random_missing}." if judged.random_missing else ""
    return (
        f"- {kind_of(answer)}: {answer['protocol']}; {answer['distance']} distance, "
        f"{answer['windows']}. One probe weighs {100 / answer['probes']:.1f} points; chance finds "
        f"{100 / answer['people']:.1f} %.{missing}"
    )


def render(model: str, found: Sequence[Judged]) -> str:
    """The Markdown table with its notes."""
    lines = [
        f"| walks | who recognises | {' | '.join(METRICS.values())} | probes | people |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for judged in found:
        lines += lines_of(judged)
    if all(judged.answer["simulated"] for judged in found):
        cells = " | ".join([_ABSENT] * len(METRICS))
        lines.append(f"| UCalgary, real people (give --ucalgary) | all | {cells} | - | - |")
    precision = found[0].answer["precision"]
    lines += [
        "",
        f"Percent, of {model} ({precision}); random weights: mean ± standard deviation of "
        f"{_RANDOM_NETWORKS} networks. Zero-shot: nobody here was learned from, and nothing was "
        "chosen by these walks.",
        "",
        *(note_of(judged) for judged in found),
        "",
    ]
    return "\n".join(lines)


def build_table(config: TableConfig) -> Outcome:
    """Run the missing evaluations, and write the table.

    Raises:
        UsageError, ArtefactError, CheckpointError: no such model, or it does not turn walks into
            vectors. DataError: no such walks, or simulated ones instead of UCalgary.
    """
    identity(config.model)
    sets = [SIMULATED] if config.ucalgary is None else [SIMULATED, str(config.ucalgary)]
    found: list[Judged] = []
    text = ""
    for data in sets:
        judged = judge(config, data)
        if data != SIMULATED and judged.answer["simulated"]:
            raise DataError(f"--ucalgary {data} holds simulated walks; give the file of UCalgary")
        found.append(judged)
        text = render(config.model, found)
        (config.out / "table.md").write_text(text, encoding="utf-8")
        rows = {kind_of(each.answer): _as_data(each) for each in found}
        (config.out / "table.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return Outcome(rows, json.dumps(rows) if config.json else text)


def _as_data(judged: Judged) -> dict[str, Any]:
    kept = ("model", "arch", "precision", "dataset", "simulated", "protocol", "probes", "people")
    return {
        **{name: judged.answer[name] for name in kept},
        "rows": {name: list(tables) for name, tables in judged.rows().items()},
        "random_weights_missing": judged.random_missing,
    }


if __name__ == "__main__":
    sys.exit(main(TableConfig, build_table))
