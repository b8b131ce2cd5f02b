"""The sections of the demo's page as HTML; every word from a file or a model is escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from edgehuman.card import Card
from edgehuman.runtime.demo.camera import OTHERS, WEARER
from edgehuman.runtime.demo.door import STRANGER, Pass
from edgehuman.runtime.demo.findings import Findings
from edgehuman.runtime.demo.photos import Photo
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.states import NOT_YET
from edgehuman.runtime.view.palette import UNLABELLED_RGB, colours, hexadecimal

_ROWS = (
    ("labelled hops that are right", "online_accuracy", "{:.1%}"),
    ("longest wrong at a stretch", "longest_wrong_s", "{:.2f} s"),
    ("changes of label a minute", "flicker_per_minute", "{:.1f}"),
    ("delay until a new activity is told, median", "onset_delay_s_median", "{:.2f} s"),
    ("activities never told", "stretches_missed", "{:.0f}"),
)
_LEAST_SHOWN_SCORE = 0.5  # where the bars of the door begin


def lead(found: Findings) -> str:
    """What this page is."""
    return (
        f"A simulated person wore a motion sensor for {found.summary['stream_s']:.0f} s. "
        f"{_code(found.model)} told their activity as a live stream on this machine. They walked "
        "past a camera twice, at the same time by one clock; others did too. Other models saw "
        "pictures and walks."
    )


def tiles(found: Findings) -> str:
    """The four numbers that matter most."""
    smoothed = found.summary["comparison"]["smoothed"]
    shown = (
        (_form("{:.1%}", smoothed["online_accuracy"]), "of labelled hops right"),
        (_form("{:.2f} s", smoothed["longest_wrong_s"]), "longest wrong at a stretch"),
        (f"{_ms(found.pairs[0][0].p50_ms)}", "computing: the network, per window"),
        (f"{found.look_ahead_ms:.0f} ms", "waiting: chosen for the smoothing, mean"),
    )
    return "".join(
        f'<div class="tile"><b>{escape(value)}</b><span>{escape(words)}</span></div>'
        for value, words in shown
    )


def legend(labels: Sequence[str]) -> str:
    """The colours of the labels."""
    rows = [(label, hexadecimal(rgb)) for label, rgb in colours(labels).items()]
    rows.append(("transition, not scored", hexadecimal(UNLABELLED_RGB)))
    return _swatches(rows)


def comparison(found: Findings) -> str:
    """The network alone beside the smoothed stream."""
    named = found.summary["comparison"]
    body = []
    for words, key, form in _ROWS:
        cells = [_form(form, named[name].get(key)) for name in ("network", "smoothed", "true")]
        body.append((words, *cells))
    table = _table(("", "network alone", "smoothed", "truth"), body)
    why = (
        "A window holds 2.56 s, so the first windows after a change still hold the activity "
        "before it; they count as wrong here."
    )
    return f"{table}<p><b>{escape(found.smoothing_verdict)}</b> {escape(why)}</p>"


def camera(found: Findings) -> str:
    """Who passed the camera, who was found, and who was named."""
    seen = found.camera
    if seen is None:
        return _missing(found, "camera")
    first, second = seen.spans
    body = [
        (who, str(seen.tracks.get(who, 0)), *_answers(seen.answers.get(who, {}), who))
        for who in (WEARER, *OTHERS, STRANGER)
        if who in seen.tracks
    ]
    heads = ("who passed", "tracks", "windows, second pass", "right name", "wrong name", "no name")
    right, windows = seen.nearest
    words = (
        f"The camera sees {WEARER}, who wears the sensor, at {first[0]:.0f} s and again at "
        f"{second[0]:.0f} s, from rendered pictures alone: found, followed, their outlines, "
        f"their walk. The first time everybody is enrolled; the second time {STRANGER} comes too."
    )
    verdict = (
        f"{seen.found:.0%} of the people in view were found and followed. Of {windows} windows of "
        f"the enrolled {seen.named} got the right name, and the nearest person was the right one "
        f"in {right}; {seen.misnamed} windows of anybody got a wrong name."
    )
    limits = (
        f"A name is given at a score of {seen.threshold:.3f}, as the model's card says. Everybody "
        f"of a frame took {_ms(seen.frame_ms)}, their walks {_ms(seen.gait_ms)} more, measured "
        "while the sensor's stream was running beside."
    )
    return (
        f"<h3>Who the camera saw</h3><p>{escape(words)}</p>{_table(heads, body)}"
        f'<p><b>{escape(verdict)}</b> <span class="note">{escape(limits)}</span></p>'
    )


def _answers(said: Mapping[str, int], who: str) -> tuple[str, str, str, str]:
    """Windows, and of them those with the right name, a wrong one, and none."""
    nobody = said.get(UNKNOWN, 0) + said.get(NOT_YET, 0)
    windows, right = sum(said.values()), said.get(who, 0)
    if not windows:
        return ("did not come", "", "", "")
    own = "none is right" if who == STRANGER else str(right)
    return (str(windows), own, str(windows - nobody - right), str(nobody))


def delay(found: Findings) -> str:
    """Milliseconds of computing beside the delay that was chosen."""
    budget_ms = found.decision.delay_s * 1e3 if found.decision.smoothing != "none" else 0.0
    hop_ms = float(found.summary["hop_s"]) * 1e3
    longest_ms = max(budget_ms, hop_ms)
    rows = [(f"network, {row.precision.upper()}", row.p50_ms, "") for row in found.pairs[0]]
    rows += [("smoothing, mean", found.look_ahead_ms, "wait"), ("its budget", budget_ms, "wait")]
    rows.append(("next window", hop_ms, "wait"))
    bars = "".join(
        f'<div class="{kind}"><span>{escape(name)}</span><span class="track"><i style="width:'
        f'{100 * value_ms / longest_ms:.3f}%"></i></span><b>{_ms(value_ms)}</b></div>'
        for name, value_ms, kind in rows
    )
    words = (
        f"The network needs {_ms(found.pairs[0][0].p50_ms)} for a window. What is felt as delay is "
        f"chosen: the smoothing looks ahead, {found.look_ahead_ms:.0f} ms on average and never "
        f"over {budget_ms:.0f} ms, and a new window comes every {hop_ms:.0f} ms. The bars are to "
        "scale. "
    )
    command = _code(f"edgehuman run {found.model} --delay-s 0")
    return f'<div class="times">{bars}</div><p>{escape(words)}{command} does not wait.</p>'


def photos(found: Findings) -> str:
    """Pictures of one person, the parts found, and the true ones."""
    if found.album is None:
        return _missing(found, "photos")
    album = found.album
    figures = "".join(_figure(photo) for photo in album.photos)
    rows = [
        (label, hexadecimal(rgb)) for label, rgb in zip(album.labels, album.palette, strict=True)
    ]
    words = (
        f"{_code(album.model)} learned from photos of real people. On simulated ones, which it "
        "never saw, it is right less often than the numbers of its card say."
    )
    return (
        f'<div class="photos">{figures}</div><ul class="legend">{_swatches(rows)}</ul>'
        f'<p class="note">{words}</p>'
    )


def door(found: Findings) -> str:
    """The walker found in a gallery, and a stranger refused."""
    if found.door is None:
        return _missing(found, "door")
    shown = found.door
    intro = (
        f"{len(shown.people)} simulated people are enrolled by how they walk, {shown.walks} walks "
        f"each. The walker, {shown.people[0]}, then passes a camera {_times(shown.passes, False)}, "
        f"and a stranger {_times(shown.passes, True)}. A score under {shown.threshold:.3f} (the "
        "red line) is nobody."
    )
    bars = "".join(_pass(one, shown.threshold) for one in shown.passes)
    walks = sum(one.who != STRANGER for one in shown.passes)
    wrong = "nobody was" if not shown.misnamed else f"{shown.misnamed} walks were"
    verdict = f"{shown.people[0]} was named in {shown.named} of {walks} walks; {wrong} misnamed."
    limits = (
        "Six people are few: the card below says how often the first answer is right among 200. On "
        "real people the model is, so far, no better than the lengths of their bones."
    )
    return (
        f'<p>{escape(intro)}</p><div class="bars">{bars}</div>'
        f'<p><b>{escape(verdict)}</b> <span class="note">{escape(limits)}</span></p>'
    )


def precision(found: Findings) -> str:
    """Each network's FP32 and INT8 file, timed in turn."""
    body = []
    for pair in found.pairs:
        for row in pair:
            faster = f"{pair[0].p50_ms / row.p50_ms:.1f}x" if row is not pair[0] else ""
            size = f"{row.size_mb:.2f} MB"
            body.append(
                (row.model, row.precision.upper(), _ms(row.p50_ms), _ms(row.p95_ms), faster, size)
            )
    heads = ("model", "precision", "median", "95 % under", "speed-up", "file")
    words = (
        f"One record at a time, one thread, {found.pairs[0][0].calls} calls each in turn, on "
        f"{found.machine}. How alike both files answer: see the proofs below."
    )
    return f'{_table(heads, body, text=2)}<p class="note">{escape(words)}</p>'


def cards(found: Findings) -> str:
    """The proof of parity of each model, and its card."""
    body = [(name, *_parity(card)) for name, card in found.cards.items()]
    table = _table(("model", "same answers", "worst cosine", "samples", "compared with"), body)
    details = "".join(_card(name, card) for name, card in found.cards.items())
    words = "When it was made, each file was compared with the PyTorch network that it comes from."
    return f'<p class="note">{words}</p>{table}{details}'


def footer(found: Findings) -> str:
    """How to make this page again."""
    again = f"edgehuman demo --seed {found.seed} --seconds {found.seconds:g}"
    return (
        f"SIMULATED. Made by {_code(again)} on {escape(found.machine)}. This file loads nothing "
        "from anywhere."
    )


def _figure(photo: Photo) -> str:
    shown = (
        ("jpeg", photo.picture_jpg, "picture", "A simulated person"),
        ("png", photo.found_png, "model", "The parts that the model found"),
        ("png", photo.true_png, "truth", "The true parts"),
    )
    pictures = "".join(
        f'<div><img alt="{alt}" src="data:image/{kind};base64,'
        f'{base64.b64encode(content).decode("ascii")}"><span>{words}</span></div>'
        for kind, content, words, alt in shown
    )
    told = f"{photo.right:.0%} of all pixels right, {photo.right_person:.0%} of the person's"
    return f'<figure><div class="three">{pictures}</div><figcaption>{told}</figcaption></figure>'


def _pass(one: Pass, threshold: float) -> str:
    def share(score: float) -> float:
        return 100 * min(max((score - _LEAST_SHOWN_SCORE) / (1 - _LEAST_SHOWN_SCORE), 0), 1)

    rows = "".join(
        f'<dt>{escape(name)}</dt><dd class="bar{" top" if k == 0 else ""}"><i style="width:'
        f'{share(score):.1f}%"></i><u style="left:{share(threshold):.1f}%"></u></dd>'
        f'<dd class="score">{score:.3f}</dd>'
        for k, (name, score) in enumerate(one.scores)
    )
    kind, told = ("good", "right") if one.right else ("bad", "not told")
    mark = f'<span class="{kind}">{told}</span>'
    return (
        f"<div><h3>{escape(one.who)} walks: said <q>{escape(one.said)}</q>, {mark}</h3>"
        f"<dl>{rows}</dl></div>"
    )


def _times(passes: Iterable[Pass], stranger: bool) -> str:
    count = sum((one.who == STRANGER) == stranger for one in passes)
    return "once" if count == 1 else "twice" if count == 2 else f"{count} times"


def _parity(card: Card) -> tuple[str, str, str, str]:
    """Agreement, worst cosine, number of samples, and with what."""
    proof = card.parity
    if not proof:
        return ("no proof", "", "", "")
    kinds = ("top1_agreement", "label_agreement", "retrieval_agreement")
    same = next((f"{proof[key]:.1%}" for key in kinds if key in proof), "")
    cosine = f"{proof['cosine']:.6f}" if "cosine" in proof else ""
    where = f"{proof.get('reference', '')}, {proof.get('source', '')}".strip(", ")
    return (same, cosine, str(proof.get("samples", "")), where)


def _card(name: str, card: Card) -> str:
    learned = "; ".join(
        f"{row.dataset}{' (simulated)' if row.simulated else ''} for {row.role}, {row.licence}"
        for row in card.data
    )
    measured = "; ".join(f"{m.name} {m.value:.4g} ({m.protocol})" for m in card.metrics)
    rows = (
        ("task", card.task),
        ("input", f"{card.input.record} {_shape(card.input.shape)}: {card.input.units}"),
        ("output", f"{card.output.kind}: {', '.join(card.output.labels) or card.output.dim}"),
        ("learned from", learned or "nothing: random weights"),
        ("measured", measured or "nothing"),
        ("precision", f"{card.precision.name} {card.precision.calibration or ''}".strip()),
        ("weights", f"SHA-256 {card.weights_sha256[:16]}, made by commit {card.commit}"),
    )
    body = "".join(f"<dt>{key}</dt><dd>{escape(str(value))}</dd>" for key, value in rows)
    small = f"{card.arch}, {card.params:,} parameters, {card.flops / 1e6:,.0f} million operations"
    return (
        f"<details><summary>{escape(name)} <small>{escape(small)}</small></summary>"
        f"<dl>{body}</dl></details>"
    )


def _missing(found: Findings, section: str) -> str:
    return f'<p class="note">Not shown: {escape(found.missing.get(section, "not available"))}</p>'


def _table(heads: Sequence[str], body: Iterable[Sequence[str]], text: int = 1) -> str:
    """A table; the columns from `text` on hold numbers."""
    head = "".join(
        f'<th scope="col"{_num(k, text)}>{escape(name)}</th>' for k, name in enumerate(heads)
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td{_num(k, text)}>{escape(cell)}</td>" for k, cell in enumerate(row[1:], 1))
        + "</tr>"
        for row in body
    )
    made = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="scroll"><table>{made}</table></div>'


def _num(column: int, text: int) -> str:
    return ' class="num"' if column >= text else ""


def _swatches(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f'<li><i style="background:{colour}"></i>{escape(label.replace("_", " "))}</li>'
        for label, colour in rows
    )


def _shape(shape: Sequence[int]) -> str:
    return " x ".join(str(size or "any") for size in shape)


def _form(form: str, value: float | None) -> str:
    return "" if value is None else form.format(value)


def _ms(value_ms: float) -> str:
    return f"{value_ms:.2f} ms" if value_ms < 10 else f"{value_ms:.0f} ms"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
