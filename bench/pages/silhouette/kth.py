"""The table of real walkers that no training saw: KTH's scenarios, each the gallery of each other.

    python -m edgehuman.bench.pages.silhouette.kth zoo:gait-silhouette --data kth_walk.npz

Every model is scored by `edgehuman evaluate`; below stand random weights of its network and nearest
neighbours of gait energy images. Columns: rank-1, rank-5, mAP and mINP as the mean over the ordered
pairs of different scenarios, rank-1 within one scenario (each walk among the others of it), and
rank-1 of every pair, with 95 % intervals over people. Finished evaluations are kept; it writes
`table.md` and `table.json` to --out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate.pairs import MODEL
from edgehuman.bench.evaluate.silhouette import EvaluateConfig, evaluate
from edgehuman.bench.evaluate.walks import RANDOM
from edgehuman.bench.pages.keep import once, write_table
from edgehuman.bench.pages.silhouette.cross import identity, label, plain
from edgehuman.config import require
from edgehuman.errors import DataError
from edgehuman.metrics.gait.pairs import ACROSS, WITHIN
from edgehuman.outcome import Outcome

METRICS = {"rank1": "rank-1", "rank5": "rank-5", "map": "mAP", "minp": "mINP"}
_ABSENT = "-"
Table = Mapping[str, Any]
"""Column -> {"metrics", "intervals"}."""


@dataclass(frozen=True, slots=True)
class KthConfig:
    """Score models on real walkers, by pairs of scenarios."""

    model: Positional[tuple[str, ...]]
    """Models: zoo:NAME, artefacts, checkpoint folders, or names from `edgehuman models` (random
    weights)."""
    data: str
    """The walks: kth_walk.npz."""
    out: Path = Path("runs/kth")
    """Folder of the evaluations and the table; finished evaluations are kept."""
    random_networks: int = 5
    """Networks with random weights, of each model's kind."""
    threads: int = 1
    """CPU threads."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        rules = (
            (bool(self.model), "model", "at least one"),
            *((getattr(self, n) >= 1, n, "at least 1") for n in ("random_networks", "threads")),
        )
        require(self, rules)


def build_table(config: KthConfig) -> Outcome:
    """Run the missing evaluations; write the table after each.

    Raises:
        DataError: no such --data, or it is not scored by pairs of scenarios.
        UsageError, ArtefactError: no such model, or one that does not embed silhouettes.
    """
    models: dict[str, Table] = {}
    baselines: dict[str, Table] = {}
    gains: dict[str, Any] = {}
    text, data = "", {}
    for model in config.model:
        found = answer_of(config, model)
        if "pairs" not in found:
            raise DataError(
                f"{config.data} is {found['dataset']}, scored as {found['protocol_name']}; this "
                "table is of pairs of scenarios: give kth_walk.npz"
            )
        pairs = dict(found["pairs"])
        gains[model] = pairs.pop("gain_over")
        models[model] = pairs.pop(MODEL)
        random = f"random weights, {found['arch']}, mean of {found['random_weights_seeds']}"
        for who, table in pairs.items():
            baselines[random if who == RANDOM else who.replace("_", " ")] = table
        data = {
            "data": label(config.data),
            "protocol": found["protocol"],
            "rows": {**models, **baselines},
            "gains": gains,
        }
        text = write_table(config.out, render(data), data)
    return Outcome(data, json.dumps(data) if config.json else text)


def answer_of(config: KthConfig, model: str) -> dict[str, Any]:
    """The result of `edgehuman evaluate`, from an earlier call or now."""
    count = config.random_networks
    words = EvaluateConfig(model, config.data, random_networks=count, threads=config.threads)
    asked = [model, config.data, identity(config.data), str(count), identity(model)]
    folder = config.out / f"{plain(model)}-on-{plain(label(config.data))}"
    return once(folder, asked, None, lambda resume: evaluate(words))


def render(data: Mapping[str, Any]) -> str:
    """The Markdown page: the means, then rank-1 of every pair."""
    rows: Mapping[str, Table] = data["rows"]
    columns = list(dict.fromkeys(name for table in rows.values() for name in table))
    pairs = [name for name in columns if name not in (ACROSS, WITHIN)]
    wanted = [(ACROSS, key, head) for key, head in METRICS.items()]
    wanted.append((WITHIN, "rank1", "rank-1 in one scenario"))
    lines = [f"Real walkers, not trained on: {data['protocol']}.", ""]
    lines += _table(rows, wanted)
    lines += ["", "Rank-1 of every pair, the probes' scenario in the gallery's:", ""]
    lines += _table(rows, [(pair, "rank1", pair) for pair in pairs])
    lines += ["", "Percent; in brackets 95 % of the bootstrap over people."]
    for model, gains in data["gains"].items():
        for who, table in gains.items():
            gain = _cell(table[ACROSS], "rank1")
            lines += ["", f"{model} over {who.replace('_', ' ')}, same walks: rank-1 {gain}."]
    return "\n".join(lines)


def _table(rows: Mapping[str, Table], wanted: Sequence[tuple[str, str, str]]) -> list[str]:
    """Markdown of some columns: each the column's name, the metric and the head."""
    lines = [f"| | {' | '.join(head for _, _, head in wanted)} |", "|---|" + "---:|" * len(wanted)]
    for name, table in rows.items():
        cells = [_cell(table.get(column), key) for column, key, _ in wanted]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _cell(table: Mapping[str, Any] | None, key: str) -> str:
    if table is None:
        return _ABSENT
    ends = table["intervals"].get(key)
    between = f" [{100 * ends[0]:.1f}, {100 * ends[1]:.1f}]" if ends else ""
    return f"{100 * table['metrics'][key]:.1f}{between}"


if __name__ == "__main__":
    sys.exit(main(KthConfig, build_table))
