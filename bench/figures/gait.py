"""Figures 2 to 8 of the gait paper, from our points.

Source: "On Model and Data Scaling for Skeleton-based Self-Supervised Gait Recognition", arXiv
2504.07598. Where a sweep has no metric the loss stands for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from edgehuman.bench.figures.parts import (
    Dot,
    Figure,
    Panel,
    Trace,
    dot_of,
    traces_of,
    y_label,
)
from edgehuman.bench.figures.wearable import PARAMETERS, simulated
from edgehuman.bench.fits.compute import (
    LEAST_OF_A_LINE,
    LEAST_OF_A_PLANE,
    alike_but_size,
    column,
    values_of,
)
from edgehuman.bench.fits.fits import Fits, Law
from edgehuman.bench.fits.groups import DATA
from edgehuman.bench.fits.study import COUNTED, Cell
from edgehuman.bench.laws import frontier
from edgehuman.bench.laws.curves import Rules
from edgehuman.records import Float64

_PAPER = "gait paper, figure {}"
_LEVELS = 4
_PLACES = 40
_WITHIN = "the lines P = a log2 x + E hold inside the measured range alone"


def figures(fits: Sequence[Fits], rules: Rules) -> list[Figure]:
    """All seven; those that lack something say what."""
    judged = [each for each in fits if each.study.kind != "loss"] or list(fits)
    return [
        _scaling("model_scaling", "Against parameters, by amount of data", 2, judged, rules),
        _scaling("data_scaling", "Against data, by network", 3, judged, rules),
        _quality(judged, rules),
        _iso_flop("isoflop_by_parameters", 5, "params", judged, rules),
        _iso_flop("isoflop_by_samples", 6, "samples", judged, rules),
        _iso_accuracy(judged),
        _efficient(judged, rules),
    ]


def _scaling(name: str, title: str, number: int, fits: Sequence[Fits], rules: Rules) -> Figure:
    along = ("params",) if name == "model_scaling" else DATA
    colour = "share" if name == "model_scaling" else "arch"
    panels, drawn = [], []
    for each in fits:
        laws = [
            law
            for law in each.laws
            if law.group.x in along and not law.group.held.get("arch", "").startswith("best of")
        ]
        if not laws:
            continue
        drawn += laws
        x = laws[0].group.x
        label = PARAMETERS if x == "params" else COUNTED.get(x, x)
        is_loss = each.study.kind == "loss"
        for head, of in _apart([law for law in laws if law.group.x == x]):
            traces = traces_of(of, colour, "fold", rules.level)
            panels.append(Panel(head or title, label, y_label(each.study), traces, is_loss))
    lacks = "" if panels else f"three values of {' or '.join(along)}"
    notes = ("the star was not part of the fit that predicted it",)
    return Figure(name, title, _PAPER.format(number), tuple(panels), lacks, notes, simulated(drawn))


def _apart(laws: Sequence[Law]) -> list[tuple[str, list[Law]]]:
    """Curves by family and sampling, a panel each."""
    found: dict[tuple[str, str], list[Law]] = defaultdict(list)
    for law in laws:
        first = law.group.cells[0].held
        sampling = law.group.held.get("sampling", "")
        found[first.get("family", ""), sampling and f"sampling {sampling}"].append(law)
    return [(", ".join(part for part in key if part), of) for key, of in found.items()]


def _quality(fits: Sequence[Fits], rules: Rules) -> Figure:
    name, title = "data_quality", "Against data: the best samples against any"
    panels, drawn = [], []
    for each in fits:
        laws = [
            law
            for law in each.laws
            if law.group.x in DATA and not law.group.held.get("arch", "").startswith("best of")
        ]
        tops = [law for law in laws if law.group.held.get("sampling") == "top"]
        pairs = [law for law in laws if any(_alike(law, top) for top in tops)]
        if len(pairs) < 2 or len(pairs) == len(tops):
            continue
        drawn += pairs
        traces = traces_of(pairs, "sampling", "arch", rules.level)
        label = COUNTED.get(pairs[0].group.x, "data")
        panels.append(Panel(title, label, y_label(each.study), traces, each.study.kind == "loss"))
    lacks = "" if panels else "sampling top beside another, at three amounts each"
    return Figure(name, title, _PAPER.format(4), tuple(panels), lacks, (), simulated(drawn))


def _alike(law: Law, top: Law) -> bool:
    """Whether two curves differ in their sampling alone."""
    one = {k: v for k, v in law.group.held.items() if k != "sampling"}
    other = {k: v for k, v in top.group.held.items() if k != "sampling"}
    return one == other and law.group.x == top.group.x


def _iso_flop(name: str, number: int, x: str, fits: Sequence[Fits], rules: Rules) -> Figure:
    title = f"Equal compute, against {'parameters' if x == 'params' else 'samples seen'}"
    panels, made, notes = [], False, [_WITHIN]
    for each in fits:
        for family, cells in alike_but_size(each.study, "flops", x):
            traces = []
            for budget, members in frontier.budgets(column(cells, "flops")):
                of = sorted((cells[k] for k in members), key=lambda cell: cell.amounts[x])
                if len({cell.amounts[x] for cell in of}) >= LEAST_OF_A_LINE:
                    traces.append(_iso_trace(of, x, f"about {budget:.1e} FLOPs", each, rules))
            if traces:
                made |= cells[0].simulated
                label = PARAMETERS if x == "params" else COUNTED[x]
                is_loss = each.study.kind == "loss"
                panels.append(Panel(family, label, y_label(each.study), tuple(traces), is_loss))
                notes += [trace.law for trace in traces if "picture" in trace.law]
    lacks = "" if panels else f"flops and {x}: three cells within a factor of two of compute"
    return Figure(
        name, title, _PAPER.format(number), tuple(panels), lacks, tuple(dict.fromkeys(notes)), made
    )


def _iso_trace(cells: Sequence[Cell], x: str, label: str, fits: Fits, rules: Rules) -> Trace:
    """Points of one budget: a line in log2 x, or of losses a parabola, where one can be drawn."""
    dots = tuple(dot_of(cell, x, fits.study, rules.level) for cell in cells)
    x_P, y_P = column(cells, x), values_of(cells)
    x_G: Float64 = np.asarray(np.geomspace(x_P.min(), x_P.max(), _PLACES), np.float64)
    if fits.study.kind != "loss":
        line = frontier.fit_log2(x_P, y_P)
        y_G = [line.at(float(each)) for each in x_G]
        words = f"P = {line.a:.4g} log2 x + {line.e:.4g}"
        return Trace(label, dots, label, x_G=x_G, y_G=y_G, law=words)
    found = frontier.fit_parabola(x_P, y_P)
    if isinstance(found, str):
        return Trace(label, dots, label, joined=True)
    near_P = x_P[list(found.used)]
    x_G = np.asarray(np.geomspace(near_P.min(), near_P.max(), _PLACES), np.float64)
    words = f"{label}: vertex {found.vertex:.3g}, {'; '.join(found.warnings)}"
    return Trace(label, dots, label, x_G=x_G, y_G=found.at(x_G), law=words)


def _iso_accuracy(fits: Sequence[Fits]) -> Figure:
    name, title = "isoaccuracy", "Equal accuracy over parameters and samples seen"
    panels, made, notes = [], False, [_WITHIN]
    for each in fits if any(one.study.kind != "loss" for one in fits) else ():
        for family, cells in alike_but_size(each.study, "flops", "params", "samples"):
            n_P, d_P = column(cells, "params"), column(cells, "samples")
            if len(cells) < LEAST_OF_A_PLANE or min(len(set(n_P)), len(set(d_P))) < 2:
                continue
            made |= cells[0].simulated
            plane = frontier.fit_plane(n_P, d_P, values_of(cells))
            gamma = frontier.compute_constant(n_P, d_P, column(cells, "flops"))
            notes.append(
                f"{family}: P = {plane.a:.4g} log2 N + {plane.b:.4g} log2 D + {plane.e:.4g}; "
                f"C = {gamma:.4g} N D"
            )
            panels.append(_contours(family, each, cells, plane, gamma))
    lacks = "" if panels else "metric.NAME, flops, params and samples of six cells"
    return Figure(name, title, _PAPER.format(7), tuple(panels), lacks, tuple(notes), made)


def _contours(
    family: str,
    fits: Fits,
    cells: Sequence[Cell],
    plane: frontier.PlaneLaw,
    gamma: float,
) -> Panel:
    n_P, d_P, share_P = column(cells, "params"), column(cells, "samples"), values_of(cells)
    n_G = np.geomspace(n_P.min(), n_P.max(), _PLACES)
    low, high = float(d_P.min()), float(d_P.max())
    dots = tuple(
        Dot(cell.amounts["params"], cell.amounts["samples"], seeds=cell.seeds, cell=cell.name)
        for cell in cells
    )
    traces = [Trace("cells", dots, grey=True)]
    for share in np.quantile(share_P, np.linspace(0.15, 0.9, _LEVELS)):
        d_G = plane.data_for(float(share), n_G)
        inside = (d_G >= low) & (d_G <= high)
        if inside.sum() >= 2:
            traces.append(
                Trace(f"{fits.study.y} {share:.3f}", (), x_G=n_G[inside], y_G=d_G[inside])
            )
    compute = np.geomspace(gamma * n_P.min() * low, gamma * n_P.max() * high, 7)[1:-1]
    lines = []
    for flops in compute:
        d_G = flops / (gamma * n_G)
        inside = (d_G >= low) & (d_G <= high)
        if inside.sum() >= 2:
            lines.append((f"{flops:.0e} FLOPs", n_G[inside], d_G[inside]))
    return Panel(family, PARAMETERS, COUNTED["samples"], tuple(traces), True, tuple(lines))


def _efficient(fits: Sequence[Fits], rules: Rules) -> Figure:
    name, title = "most_efficient", "The best cell of each compute budget"
    panels, made = [], False
    for each in fits:
        for x in ("params", "samples"):
            traces = []
            for family, cells in alike_but_size(each.study, "flops", x):
                higher = each.study.kind != "loss"
                places = frontier.most_efficient(column(cells, "flops"), values_of(cells), higher)
                best = sorted((cells[k] for k in places), key=lambda cell: cell.amounts[x])
                if len({cell.amounts[x] for cell in best}) < LEAST_OF_A_LINE:
                    continue
                made |= cells[0].simulated
                dots = tuple(dot_of(cell, x, each.study, rules.level) for cell in best)
                line = frontier.fit_log2(column(best, x), values_of(best))
                x_G = np.asarray(np.geomspace(dots[0].x, dots[-1].x, _PLACES), np.float64)
                y_G = [line.at(float(at)) for at in x_G]
                words = f"P = {line.a:.4g} log2 x + {line.e:.4g}"
                traces.append(Trace(family, dots, family, x_G=x_G, y_G=y_G, law=words))
            if traces:
                label = PARAMETERS if x == "params" else COUNTED[x]
                panels.append(Panel(title, label, y_label(each.study), tuple(traces)))
    lacks = "" if panels else "flops with params or samples: three budgets (factors of two)"
    return Figure(name, title, _PAPER.format(8), tuple(panels), lacks, (_WITHIN,), made)
