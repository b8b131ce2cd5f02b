"""`edgehuman plan`: what runs on a device inside a budget, and what more data would buy there.

Latency is measured here or read from a table of another machine; accuracy is that of the models'
cards; what more people of data would give is that of fitted laws. Each row says how its time is
known: measured, interpolated inside one family, or refused. Nothing is extrapolated silently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.bench.budget.answers import Answer, Ask, Quantile, interpolated, measured
from edgehuman.bench.budget.curve import HOW, Law, Place, place_on, read_laws
from edgehuman.bench.budget.latencies import Table, read_table
from edgehuman.bench.budget.pareto import Comparison, compare, draw, name_of, score_of
from edgehuman.bench.budget.printed import as_text
from edgehuman.bench.budget.timed import Wanted, timed_here
from edgehuman.config import require
from edgehuman.errors import MissingDependencyError, UsageError
from edgehuman.files import require_usable_folder, writing_tree
from edgehuman.outcome import Outcome, to_json
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.zoo import file_of, zoo_names

HERE = "cpu"
_MOST_PEOPLE = 1_000_000


@dataclass(frozen=True, slots=True)
class PlanConfig:
    """Plan what to run on a device."""

    budget_ms: float
    """Milliseconds for a frame: for all people in it, see --people."""
    models: Positional[tuple[str, ...]] = ()
    """zoo:NAME or paths; by default the zoo of this installation, or all of the table."""
    device: str = HERE
    """`cpu`: this machine, measured now; or a latency table of `edgehuman bench --save`."""
    task: str = ""
    """Only models of this task, such as activity; by default of all."""
    arch: str = ""
    """Networks of `edgehuman models` too, separated by commas: timed with random weights here
    (which needs PyTorch), or interpolated in their family."""
    people: int = 1
    """People in a frame. Each is a record of a model of persons; a detector sees all at once."""
    fps: float = 0.0
    """Frames a second, or answers of a wearable: how busy the core is. 0: not asked."""
    quantile: Quantile = "p95"
    """The share of calls that have to be inside the budget."""
    threads: int | None = None
    """Threads inside one operator; by default 1, or all that the table has."""
    laws: Path | None = None
    """The laws of `edgehuman scale fit`: what its --json printed, or the folder of its --out."""
    have: float | None = None
    """How much data there is: people, or what the laws are over; by default their largest point."""
    rounds: int = 20
    """Interleaved blocks per model that is timed now."""
    fresh: bool = False
    """Time again what is kept of this machine."""
    out: Path | None = None
    """Folder for plan.json, plan.txt and plan.png."""

    def __post_init__(self) -> None:
        rules = [
            (self.budget_ms > 0, "budget_ms", "above 0"),
            (1 <= self.people <= _MOST_PEOPLE, "people", f"from 1 to {_MOST_PEOPLE:,}"),
            (self.fps >= 0, "fps", "0 or more"),
            (self.threads is None or self.threads >= 1, "threads", "at least 1"),
            (self.rounds >= 1, "rounds", "at least 1"),
            (self.have is None or self.have > 0, "have", "above 0"),
        ]
        require(self, rules)
        if self.fresh and self.device != HERE:
            raise UsageError(f"--fresh is for --device {HERE}: a table is not timed again")
        if self.have is not None and self.laws is None:
            raise UsageError("--have is for laws; give --laws too, or leave it out")


def plan(config: PlanConfig) -> Outcome:
    """`edgehuman plan`; the exit code is 1 if nothing is inside the budget, or keeps up.

    Raises:
        UsageError: no such model, task, network or law; or --have is outside of a law's points.
        DataError: the table or the laws are damaged, or of another schema.
    """
    if config.out is not None:
        require_usable_folder(config.out, "--out")
    archs = _archs(config)
    laws = None if config.laws is None else read_laws(config.laws)
    places = _places(laws or (), config.have)
    ask = Ask(config.budget_ms, config.people, config.fps, config.quantile)
    table, absent = _table(config, archs)
    answers = measured(table, ask)
    for arch in archs:
        if all(each.arch != arch for each in answers):
            answers += interpolated(arch, table, ask, absent.get(arch, ""))
    answers = _of_task(answers, config.task, archs)
    comparisons = compare(answers, places)
    data = _data(config, table, answers, places, comparisons)
    text = as_text(data)
    return Outcome(
        data,
        text + "".join(f"\n{line}" for line in _write(config, data, text, comparisons)),
        exit_code=0 if any(each.serves for each in answers) else 1,
    )


def _archs(config: PlanConfig) -> list[str]:
    names = [name.strip() for name in config.arch.split(",") if name.strip()]
    for name in names:
        catalogue.find(catalogue.NETWORKS, "network", name)
    return [*dict.fromkeys(names)]


def _places(laws: Sequence[Law], have: float | None) -> list[Place]:
    """Where each law stands today; what there is of data moves laws over data alone."""
    over = {law.x for law in laws if law.is_of_data}
    if have is not None and not over:
        raise UsageError("--have: none of the laws is over data; leave it out")
    x = "people" if "people" in over else next(iter(over), "")
    if have is not None and "people" not in over and len(over) > 1:
        raise UsageError(f"--have: the laws are over {', '.join(sorted(over))}; keep those of one")
    return [place_on(law, have if law.x == x else None) for law in laws]


def _table(config: PlanConfig, archs: Sequence[str]) -> tuple[Table, dict[str, str]]:
    """The latencies, and why a network could not be timed."""
    if config.device != HERE:
        table = read_table(Path(config.device))
        rows = tuple(
            row
            for row in table.rows
            if (not config.models or row.model in config.models or row.arch in archs)
            and config.threads in (None, row.threads)
        )
        if not rows:
            known = ", ".join(sorted({row.model for row in table.rows}))
            counts = ", ".join(map(str, sorted({row.threads for row in table.rows})))
            raise UsageError(
                f"{config.device} has no such measurement; it has {known}, threads {counts}"
            )
        return Table(table.machine, rows), {}
    models = [*dict.fromkeys(config.models)] or [
        name for name in zoo_names() if config.task in ("", read_card(file_of(name)).task)
    ]
    if not models:
        raise _no_task(config.task, {read_card(file_of(name)).task for name in zoo_names()})
    batches = (1,) if config.people == 1 else (1, config.people)
    wanted = [Wanted(model, batches) for model in dict.fromkeys([*models, *archs])]
    return timed_here(wanted, config.threads or 1, config.rounds, config.fresh)


def _of_task(answers: list[Answer], task: str, archs: Sequence[str]) -> list[Answer]:
    """Those of a task, and those of networks that were asked for by name."""
    found = [each for each in answers if task in ("", each.task) or each.model in archs]
    if not found:
        raise _no_task(task, {each.task for each in answers})
    return found


def _no_task(task: str, tasks: set[str]) -> UsageError:
    return UsageError(f"--task is {task!r}; no such model here: {', '.join(sorted(tasks))}")


def _data(
    config: PlanConfig,
    table: Table,
    answers: Sequence[Answer],
    places: Sequence[Place],
    comparisons: Sequence[Comparison],
) -> dict[str, Any]:
    best = {name for each in comparisons for name in each.pareto}
    unknown = {s.name for each in comparisons for s in each.spots if not s.known}
    laws: dict[str, Any] = {
        "given": config.laws is not None,
        "places": [each.as_table() for each in places],
    }
    if config.laws is None:
        laws["said"] = f"no laws given: {HOW}, and give --laws LAWS"
    elif not places:
        laws["said"] = f"{config.laws} has no law of one variable; {HOW} again"
    return {
        "device": {
            "source": "measured here" if config.device == HERE else config.device,
            **asdict(table.machine),
        },
        "budget_ms": config.budget_ms,
        "quantile": config.quantile,
        "people": config.people,
        "fps": config.fps or None,
        "rows": [
            _row(each, places, config.quantile) | {"pareto": _is_best(name_of(each), best, unknown)}
            for each in answers
        ],
        "fastest": _fastest(answers),
        "comparisons": [
            {"task": each.task, "metric": each.metric, "protocol": each.protocol,
             "predicted": each.predicted, "pareto": each.pareto}
            for each in comparisons
        ],
        "laws": laws,
    }  # fmt: skip


def _is_best(name: str, best: set[str], unknown: set[str]) -> bool | None:
    """Whether a row is in a Pareto set; None: nobody measured its own accuracy."""
    return True if name in best else None if name in unknown else False


def _row(each: Answer, places: Sequence[Place], quantile: str) -> dict[str, Any]:
    row = each.row
    kept = row if each.state == "measured" else None
    return {
        "model": each.model,
        "task": each.task,
        "arch": each.arch,
        "precision": each.precision,
        "format": each.format,
        "threads": each.threads,
        "params": each.params,
        "flops": each.flops,
        "latency": each.state,
        "why": each.why,
        "random_weights": each.state != "measured" or (row is not None and row.random_weights),
        "measured_at": None if row is None else row.measured_at,
        "versions": None if row is None else row.versions,
        "waited": None if kept is None else kept.waited,
        "counted_calls": None if kept is None else kept.calls,
        "shape": None if row is None else list(row.shape),
        "batch": each.batch,
        "calls": each.calls,
        "call_ms": _spans(each.call, quantile),
        "frame_ms": _spans(each.frame, quantile),
        "error": each.error,
        "fits": each.fits,
        "busy": each.busy,
        "fits_core": each.fits_core,
        "accuracy": [] if kept is None else [asdict(one) for one in kept.accuracy],
        "score": None if kept is None or not kept.accuracy else score_of(kept.accuracy[0]),
        "place": [
            {"law": i, "metric": one.law.metric, "predicted": predicted}
            for i, one in enumerate(places)
            if (predicted := one.predicts(each.arch)) is not None
        ],
    }


def _spans(pair: Any, quantile: str) -> dict[str, Any] | None:
    return None if pair is None else {"p50": asdict(pair[0]), quantile: asdict(pair[1])}


def _fastest(answers: Sequence[Answer]) -> dict[str, dict[str, Any]]:
    """Task -> the model that a frame takes least with, and how long."""
    found: dict[str, dict[str, Any]] = {}
    for each in sorted(answers, key=lambda one: one.frame[1].value if one.frame else float("inf")):
        if each.frame is not None and each.task not in found:
            found[each.task] = {
                "model": each.model,
                "precision": each.precision,
                "threads": each.threads,
                "frame_ms": each.frame[1].value,
                "fits": each.fits,
                "params": each.params,
                "flops": each.flops,
            }
    return found


def _write(
    config: PlanConfig, data: dict[str, Any], text: str, comparisons: Sequence[Comparison]
) -> list[str]:
    """Write the files of --out, all or none; a line for each, or why the picture is missing."""
    if config.out is None:
        return []
    names = ["plan.json", "plan.txt", *(["plan.png"] if comparisons else [])]
    lines = [f"wrote {config.out / name}" for name in names]
    with writing_tree(config.out, "--out") as partial:
        (partial / "plan.json").write_text(to_json(data, indent=1) + "\n", encoding="utf-8")
        (partial / "plan.txt").write_text(text + "\n", encoding="utf-8")
        if comparisons:
            try:
                draw(comparisons, config.budget_ms, config.quantile, partial / "plan.png")
            except MissingDependencyError as error:
                lines[-1] = f"plan.png was not drawn: {error}"
    return lines
