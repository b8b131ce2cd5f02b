"""A plan as people read it: a table of each task, then what it rests on, and the laws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edgehuman.bench.budget.curve import NOT_DATA, SIZES
from edgehuman.bench.budget.latencies import BUSY

Row = Mapping[str, Any]
_BEST = {True: "*", None: "?", False: ""}


def as_text(data: Mapping[str, Any]) -> str:
    """The text of a plan's data."""
    rows: Sequence[Row] = data["rows"]
    lines = [*_conditions(data)]
    for task in dict.fromkeys(row["task"] for row in rows):
        lines += ["", task, *_table([row for row in rows if row["task"] == task], data)]
    return "\n".join([*lines, "", *_notes(data), *_laws(data["laws"])])


def _conditions(data: Mapping[str, Any]) -> Iterator[str]:
    device = data["device"]
    board = device["board"] or device["cpu"]
    gpus = f", {', '.join(device['gpus'])}" if device["gpus"] else ""
    yield f"{board}, {device['cores']} cores{gpus}, {device['system']}: {device['source']}"
    people, fps = data["people"], data["fps"]
    who = "a frame of one person" if people == 1 else f"a frame of {people} people"
    rate = f", {fps:g} frames a second" if fps else ""
    yield f"budget: {data['budget_ms']:g} ms for {who}{rate}; {data['quantile']} decides"


def _table(rows: Sequence[Row], data: Mapping[str, Any]) -> list[str]:
    """The rows, the fastest first, refusals last."""
    quantile, many = data["quantile"], data["people"] > 1
    head = ["model", "precision", "threads", "latency", "p50 ms", f"{quantile} ms", "fits"]
    head += ["calls"] if many else []
    head += ["busy"] if data["fps"] else []
    head += ["score", "best"]
    known = [row for row in rows if row["frame_ms"] is not None]
    known.sort(key=lambda row: float(row["frame_ms"][quantile]["value"]))
    cells = [head]
    for row in known:
        frame = row["frame_ms"]
        line = [row["model"], row["precision"], str(row["threads"]), row["latency"]]
        line += [_ms(frame["p50"]["value"]), _ms(frame[quantile]["value"]), row["fits"]]
        line += [f"{row['calls']}x{row['batch']}"] if many else []
        line += [f"{100 * row['busy']:.1f} %"] if data["fps"] else []
        cells.append([*line, _score(row), _BEST[row["pareto"]]])
    lines = _aligned(cells) if len(cells) > 1 else []
    refused = [row for row in rows if row["frame_ms"] is None]
    return [*lines, *(f"  {row['model']}  refused: {row['why']}" for row in refused)]


def _ms(value: float) -> str:
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def _score(row: Row) -> str:
    """The first metric; a tilde where it is not that of this very file."""
    if row["score"] is None and row["place"]:
        return f"law: {row['place'][0]['metric']} {row['place'][0]['predicted']:.4g}"
    if row["score"] is None:
        return "random weights" if row["random_weights"] else "-"
    own = row["accuracy"][0]["own"]
    return f"{'' if own else '~'}{row['accuracy'][0]['name']} {row['score']:.4f}"


def _aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    """Columns of equal width: numbers to the right, words to the left."""
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    right = [
        all(row[i][:1].isdigit() for row in cells[1:] if row[i]) and i > 0
        for i in range(len(cells[0]))
    ]
    return [
        "  "
        + "  ".join(
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in cells
    ]


def _notes(data: Mapping[str, Any]) -> Iterator[str]:
    rows: Sequence[Row] = data["rows"]
    if not any(row["fits"] in ("yes", "unsure") and row["fits_core"] is not False for row in rows):
        rate = f" and keeps up with {data['fps']:g} frames a second" if data["fps"] else ""
        yield f"- nothing fits into {data['budget_ms']:g} ms{rate}; the fastest there is:"
        for task, each in data["fastest"].items():
            takes = f"takes {_ms(each['frame_ms'])} ms at {data['quantile']}"
            size = f"{each['params']:,} parameters, {each['flops'] / 1e6:,.1f} MFLOPs a record"
            yield f"  {task}: {each['model']} {each['precision']} {takes}, with {size}"
    if any(row["fits"] == "unsure" for row in rows):
        yield "- unsure: the budget is inside the interval of its time; use more --rounds"
    if data["people"] > 1:
        known = [row for row in rows if row["frame_ms"] is not None]
        yield "- calls: of a frame, times the people of each; the times are those of a whole frame"
        if any(row["calls"] > 1 for row in known):
            yield (
                f"- of several calls, times are those of one call times their number: each was "
                f"timed alone, and a slow one is likelier among many, so {data['quantile']} may be "
                "higher"
            )
    if data["fps"]:
        yield from _busy(rows)
    for row in rows:
        if row["latency"] == "interpolated":
            yield f"- {row['model']} {row['precision']}: {row['why']}"
    if any(row["accuracy"] and not row["accuracy"][0]["own"] for row in rows):
        yield (
            "- ~: measured of its FP32 network, less what the export measured on fewer records "
            "that this file loses; ?: it did not, so nothing says how good this file is"
        )
    yield from _sets(data)
    yield from _when(rows)
    waited = max((row["waited"] or 0.0 for row in rows), default=0.0)
    if waited > BUSY:
        yield (
            f"- this device was busy: other programs took up to {100 * waited:.0f} % of the timed "
            "seconds, so these times are too long and none of this machine is kept; ask again when "
            "it is idle"
        )


def _busy(rows: Sequence[Row]) -> Iterator[str]:
    late = [row["model"] for row in rows if row["fits_core"] is False]
    yield "- busy: share of the time that the threads of a model compute at this rate"
    if late:
        yield f"- cannot keep up, busy 100 % and more: {', '.join(late)}"


def _sets(data: Mapping[str, Any]) -> Iterator[str]:
    for each in data["comparisons"]:
        how = "predicted by" if each["predicted"] else "on"
        best = ", ".join(each["pareto"])
        yield f"- {each['task']}, {each['metric']} {how} {each['protocol']}: best (*) {best}"


def _when(rows: Sequence[Row]) -> Iterator[str]:
    """When and with which versions the times were measured, each once."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["measured_at"] is not None:
            said = ", ".join(f"{name} {number}" for name, number in row["versions"].items())
            found.setdefault(said, []).append(row["measured_at"])
    for said, stamps in found.items():
        first, last = min(stamps), max(stamps)
        until = "" if first == last else f" to {last}"
        yield f"- measured {first}{until} with {said}"


def _laws(laws: Mapping[str, Any]) -> Iterator[str]:
    """A line of a table for each law; what is outside of its points has a mark."""
    places = laws["places"]
    if "said" in laws:
        yield f"- {laws['said']}"
    if not places:
        return
    yield ""
    made = " (of SIMULATED data where marked ~)" if any(one["simulated"] for one in places) else ""
    yield f"laws{made}: what more would buy, and times today's value; !: EXTRAPOLATED, no points"
    head = ("law", "of", "form", "points", "today", "value", "2x as much", "4x as much", "held out")
    yield from _aligned([head, *(_law_cells(each) for each in places)])
    yield "  held out: its own largest point, predicted by the others / measured"
    yield from _in_words(places)
    if any(each["x"] in SIZES for each in places):
        yield (
            "  a law of size is of the network itself; what it gives a smaller one as its teacher, "
            "no law here says"
        )
    for warning in dict.fromkeys(one for each in places for one in each["warnings"]):
        of = [each for each in places if warning in each["warnings"]]
        yield f"  {len(of)} of {len(places)} laws: {warning}"


def _in_words(places: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What twice the data would buy, a sentence for the first law of each metric and amount."""
    said = set()
    for each in places:
        kind = (each["metric"], each["x"])
        if each["x"] in NOT_DATA or kind in said:
            continue
        said.add(kind)
        yield f"  twice the {each['x']}: {_bought(each)}"


def _bought(each: Mapping[str, Any]) -> str:
    step, today = each["more"][0], each["predicted"]
    of = f" ({each['said']})" if each["said"] else ""
    amounts = f"{_amount(each['today'])} to {_amount(step['x'])}"
    if step["predicted"] is None:
        return f"{amounts}: {each['metric']}{of} is not known, as its form ends with its points"
    apart = 100 * (step["ratio"] - 1)
    words = f"{abs(apart):.2g} % {'lower' if apart < 0 else 'higher'}"
    if interval := step["ratio_interval"]:
        low, high = (100 * (end - 1) for end in interval)
        words += f", between {low:+.2g} and {high:+.2g} %"
        if low <= 0 <= high:
            words += ": perhaps nothing"
    else:
        words += ", interval not known"
    beyond = "; beyond what was measured" if step["state"] == "extrapolated" else ""
    values = f"{today:.4g} to {step['predicted']:.4g}"
    return f"{amounts}: {each['metric']}{of} from {values}, {words}{beyond}"


def _law_cells(each: Mapping[str, Any]) -> list[str]:
    low, high = each["range"]
    held = each["held_out"]
    return [
        f"{'~' if each['simulated'] else ''}{each['metric']} over {each['x']}",
        each["said"] or "-",
        each["form"],
        f"{_amount(low)} to {_amount(high)}",
        _amount(each["today"]),
        f"{each['predicted']:.4g}",
        *(_step(step) for step in each["more"]),
        f"{held['predicted']:.4g} / {held['measured']:.4g}" if held else "-",
    ]


def _amount(value: float) -> str:
    """Of data or parameters whole, of operations by its exponent."""
    return f"{value:,.0f}" if 1000 <= value < 1e9 else f"{value:.4g}"


def _step(step: Mapping[str, Any]) -> str:
    if step["predicted"] is None:
        return "refused"
    mark = "!" if step["state"] == "extrapolated" else ""
    interval = step["ratio_interval"]
    spread = f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""
    return f"{step['predicted']:.4g}{mark} x {step['ratio']:.3f}{spread}"
