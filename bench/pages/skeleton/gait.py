"""The gait table of the docs: who finds people by how they walk, without having learned of them.

    python -m edgehuman.bench.pages.skeleton.gait --out runs/g [--model DIR|ONNX] [--ucalgary NPZ]

A pretrained network, five networks of its kind with random weights, and bone lengths alone, on
simulated people never seen and on the real Kinect walks of UCalgary. UCalgary is for evaluation
only: nothing here is chosen by it. Every row comes from what `edgehuman evaluate` does. Finished
evaluations are kept, so the command goes on where it was stopped; a changed model or file is
judged anew. It writes `table.md` and `table.json` in --out.
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
from edgehuman.card import sha256_of_file
from edgehuman.catalogue import SIMULATED
from edgehuman.errors import DataError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.runtime.model import ZOO, zoo_file

METRICS = {"rank1": "rank-1", "rank5": "rank-5", "map": "mAP"}
_RANDOM_NETWORKS = 5
# Part of what is asked for: an earlier answer without this key is no answer.
_EACH = "random_weights_each"
_WEIGHTS = "model.safetensors"
_ABSENT = "not measured"
Table = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TableConfig:
    """Zero-shot recognition by gait: pretrained, random weights, bone lengths."""

    out: Path = Path("runs/gait")
    """Where evaluations and the table go; finished ones are kept."""
    model: str = "zoo:gait-skeleton"
    """`zoo:NAME`, an artefact, or the folder of a checkpoint."""
    ucalgary: Path | None = None
    """The file of the UCalgary walks; without it its rows say that they were not measured."""
    threads: int = 1
    """Threads inside one operator."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise UsageError(f"--threads is {self.threads}; it must be at least 1")


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found on one set of walks.

    Attributes:
        answer: of `evaluate` for the model.
        random: metrics of each network with random weights.
        random_missing: why there are none.
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
    """What a file holds, in short; of a checkpoint's folder its weights.

    Raises:
        DataError: there is no such file.
    """
    path = path / _WEIGHTS if path.is_dir() else path
    try:
        return sha256_of_file(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); give a file that can") from None


def identity(model: str) -> str:
    """What tells two models of one name apart.

    Raises:
        UsageError: no such model ships here. DataError: no such file.
    """
    if model in catalogue.NETWORKS:
        return model
    return fingerprint(zoo_file(model) if model.startswith(ZOO) else Path(model))


def answer_of(config: TableConfig, data: str) -> dict[str, Any]:
    """What `edgehuman evaluate` says, from an earlier call or now."""
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
    """The walks in the table's words: simulated ones always say so."""
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
    """How one set of walks was judged, what one probe weighs, and what is missing."""
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
    """Judge what is not judged yet, and write the table.

    Raises:
        UsageError, ArtefactError, CheckpointError: no such model, or one that gives no vectors of
            walks. DataError: no such walks, or simulated ones where real ones belong.
    """
    identity(config.model)
    sets = [SIMULATED] if config.ucalgary is None else [SIMULATED, str(config.ucalgary)]
    found: list[Judged] = []
    text = ""
    for data in sets:
        judged = judge(config, data)
        if data != SIMULATED and judged.answer["simulated"]:
            raise DataError(f"--ucalgary {data} holds simulated walks; give those of UCalgary")
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
