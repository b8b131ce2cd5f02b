"""What a device does with each model: what a frame takes, whether that fits, how that is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from edgehuman import catalogue
from edgehuman.bench.budget.between import OutsideError, between
from edgehuman.bench.budget.latencies import Latency, Span, Table, family_of

State = Literal["measured", "interpolated", "refused"]
Fits = Literal["yes", "no", "unsure", "unknown"]
Quantile = Literal["p50", "p95", "p99"]


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of each model.

    Attributes:
        budget_ms: for all people of one frame.
        people: in a frame.
        fps: frames a second, or answers of a wearable; 0: not asked.
        quantile: of the calls that must be inside the budget.
    """

    budget_ms: float
    people: int = 1
    fps: float = 0.0
    quantile: Quantile = "p95"


@dataclass(frozen=True, slots=True)
class Answer:
    """One architecture in one precision on the device.

    Attributes:
        state: how its time is known.
        why: of a refusal, or from what a time between was made.
        row: the measurement; of a time between, the nearest smaller one.
        batch, calls: records of a call, and calls of a frame.
        call, frame: p50 and the asked quantile of one call, and of a frame: as many times that of a
            call. Of several calls that is an estimate: a slow one is likelier among many.
        error: of a time between, worst relative error of a measurement that was left out.
        fits: whether the frame is inside the budget; unsure: the budget is inside its interval.
        busy: share of the time that its threads compute, at the asked frames a second.
    """

    model: str
    task: str
    arch: str
    precision: str
    format: str
    threads: int
    params: int
    flops: int
    state: State
    why: str = ""
    row: Latency | None = None
    batch: int = 1
    calls: int = 1
    call: tuple[Span, Span] | None = None
    frame: tuple[Span, Span] | None = None
    error: float | None = None
    fits: Fits = "unknown"
    busy: float | None = None

    @property
    def fits_core(self) -> bool | None:
        """Whether it keeps up with the frames; None: not asked or not known."""
        return None if self.busy is None else self.busy < 1.0

    @property
    def serves(self) -> bool:
        """Whether it is inside the budget, or may be, and keeps up where that was asked."""
        return self.fits in ("yes", "unsure") and self.fits_core is not False


def measured(table: Table, ask: Ask) -> list[Answer]:
    """An answer for each model of a table, of its batches the one that a frame takes least with."""
    groups: dict[tuple[Any, ...], list[Latency]] = {}
    for row in table.rows:
        name = (row.model, row.format, row.precision, row.threads, row.shape)
        groups.setdefault(name, []).append(row)
    return [_of_rows(rows, ask) for rows in groups.values()]


def _of_rows(rows: Sequence[Latency], ask: Ask) -> Answer:
    best = min(rows, key=lambda row: _calls(row, ask) * row.p50.value)
    spans = (best.p50, getattr(best, ask.quantile))
    return _timed(best, ask, "measured", spans)


def _calls(row: Latency, ask: Ask) -> int:
    """Calls of one frame: a network of whole frames sees all people at once."""
    return (
        1
        if row.kind in ("boxes", "person_parts", "part_attributes")
        else math.ceil(ask.people / row.batch)
    )


def _timed(
    row: Latency,
    ask: Ask,
    state: State,
    call: tuple[Span, Span],
    **said: Any,
) -> Answer:
    calls = _calls(row, ask)
    frame = (call[0].times(calls), call[1].times(calls))
    given = {
        "model": row.model, "arch": row.arch, "params": row.params, "flops": row.flops, **said
    }  # fmt: skip
    return Answer(
        task=row.task,
        precision=row.precision,
        format=row.format,
        threads=row.threads,
        state=state,
        row=row,
        batch=row.batch,
        calls=calls,
        call=call,
        frame=frame,
        fits=_fits(frame[1], ask.budget_ms),
        busy=frame[0].value * ask.fps / 1e3 if ask.fps else None,
        **given,
    )


def _fits(span: Span, budget_ms: float) -> Fits:
    if span.high <= budget_ms:
        return "yes"
    return "no" if span.low > budget_ms else "unsure"


# Architectures that were not measured -------------------------------------------------------------


def interpolated(arch: str, table: Table, ask: Ask, absent: str = "") -> list[Answer]:
    """Answers for a catalogued architecture that the table lacks, one for each way in which three
    or more of its family were measured; a refusal if there is no such way.

    Operations are those of the catalogue, so the members compare whatever their records' size.

    Args:
        absent: why it was not measured.
    """
    members = [
        row
        for row in table.rows
        if row.family == family_of(arch) and not row.pruned and row.arch in catalogue.NETWORKS
    ]
    ways: dict[tuple[Any, ...], list[Latency]] = {}
    for row in members:
        way = (row.task, row.format, row.precision, row.threads, row.batch, row.shape, row.kind)
        ways.setdefault(way, []).append(row)
    found, reasons = list[Answer](), list[str]()
    for rows in ways.values():
        try:
            found.append(_between(arch, rows, ask))
        except OutsideError as error:
            reasons.append(f"{rows[0].precision}, batch {rows[0].batch}: {error}")
    return _cheapest(found) or [_refused(arch, "; ".join(reasons) or "none was measured", absent)]


def _cheapest(answers: Sequence[Answer]) -> list[Answer]:
    """Of the batches of one way, the one that a frame takes least with."""
    best: dict[tuple[Any, ...], Answer] = {}
    for each in answers:
        assert each.frame is not None
        assert each.row is not None
        way = (each.task, each.format, each.precision, each.threads, each.row.shape)
        held = best.get(way)
        if held is None or held.frame is None or each.frame[0].value < held.frame[0].value:
            best[way] = each
    return [*best.values()]


def _between(arch: str, rows: Sequence[Latency], ask: Ask) -> Answer:
    network = catalogue.NETWORKS[arch]
    spans, errors = list[Span](), list[float]()
    for name in ("p50", ask.quantile):
        points = [
            (float(catalogue.NETWORKS[row.arch].flops), getattr(row, name).value) for row in rows
        ]
        found = between(float(network.flops), points)
        spread = 1 + found.error
        spans.append(Span(found.value, found.value / spread, found.value * spread))
        errors.append(found.error)
    names = sorted({row.arch for row in rows})
    below = [row for row in rows if catalogue.NETWORKS[row.arch].flops <= network.flops]
    near = max(below, key=lambda row: catalogue.NETWORKS[row.arch].flops)
    why = (
        f"between {', '.join(names)} over operations; {len(names) - 2} left out in turn: at worst "
        f"{100 * max(errors):.0f} % off"
    )
    return _timed(
        near,
        ask,
        "interpolated",
        (spans[0], spans[1]),
        model=arch,
        arch=arch,
        params=network.params,
        flops=network.flops,
        error=max(errors),
        why=why,
    )


def _refused(arch: str, why: str, absent: str) -> Answer:
    network = catalogue.NETWORKS[arch]
    said = f"no time is made up for it: of its family {network.family}, {why}"
    fix = f"measure it there: edgehuman bench {arch} --save FILE"
    return Answer(
        model=arch,
        task=network.task,
        arch=arch,
        precision="-",
        format="-",
        threads=0,
        params=network.params,
        flops=network.flops,
        state="refused",
        why=f"{absent + '; ' if absent else ''}{said}; {fix}",
    )
