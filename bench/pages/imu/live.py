"""Live on real recordings: a stream's answers for people the model has never seen, hop by hop.

    python -m edgehuman.bench.pages.imu.live --data hapt_raw.npz --out docs/live

Replays the continuous recordings of the nine UCI HAR test people (transitions and all) as a stream,
once with the network alone and once with the card's smoothing, and writes live.md, live.json and a
timeline of one person. Online accuracy counts hops whose last sample lies in a stretch labelled
with one of the model's classes; transitions and unlabelled time count for flicker and latency only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.data.imu.load import load_recordings
from edgehuman.errors import DataError
from edgehuman.export.catalogued import load
from edgehuman.metrics.stream import flicker_per_minute, onset_delay_s
from edgehuman.outcome import Outcome
from edgehuman.progress import progress_bar
from edgehuman.records import ImuRecording
from edgehuman.runtime.imu.answer import Smoothing
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.model import Model
from edgehuman.runtime.stream import stream
from edgehuman.runtime.view.timeline import Timeline, draw_timeline

TEST_PEOPLE = tuple(f"uci30:{number}" for number in (2, 4, 9, 10, 12, 13, 18, 20, 24))


@dataclass(frozen=True, kw_only=True)
class LiveConfig:
    """Score a model on continuous recordings."""

    data: str
    """Continuous recordings with labels, such as hapt_raw.npz."""
    model: str = "zoo:activity"
    """zoo:NAME or the path of an artefact."""
    people: tuple[str, ...] = TEST_PEOPLE
    """People whose recordings are replayed."""
    picture: str = "uci30:2"
    """Person whose first recording is drawn."""
    out: Path = Path("runs/live")
    """Folder of live.md, live.json and timeline.png."""


def replay(model: Model, recording: ImuRecording, smoothing: Smoothing | None) -> list[ImuResult]:
    """Every result of one recording; `smoothing` None: as the card says."""
    threshold = 0.0 if smoothing == "none" else None
    return list(stream(model, recording, smoothing=smoothing, threshold=threshold))


def score(
    streams: Sequence[list[ImuResult]], labels: tuple[str, ...], hop_s: float
) -> dict[str, Any]:
    """The numbers over several recordings."""
    right = labelled = changes = hops = unknown = 0
    onset: list[float] = []
    latency: list[float] = []
    true_changes = 0.0
    for results in streams:
        true = [r.true_label for r in results]
        said = [r.label for r in results]
        counted = [(t, s) for t, s in zip(true, said, strict=True) if t in labels]
        labelled += len(counted)
        right += sum(t == s for t, s in counted)
        unknown += sum(s == "unknown" for _, s in counted)
        minutes = len(results) * hop_s / 60
        changes += round(flicker_per_minute(said, hop_s) * minutes)
        known = [t for t in true if t in labels]
        true_changes += sum(a != b for a, b in pairwise(known))
        hops += len(results)
        waited = [r.delay_s for r in results]
        onset += onset_delay_s(true, said, hop_s, labels, waited).tolist()
        latency += [r.latency_ms for r in results]
    minutes = hops * hop_s / 60
    found = np.array(onset)
    return {
        "online_accuracy": right / labelled,
        "unknown_share": unknown / labelled,
        "flicker_per_minute": changes / minutes,
        "true_changes_per_minute": true_changes / minutes,
        "onset_delay_s_median": float(np.nanmedian(found)),
        "onset_delay_s_p95": float(np.nanpercentile(found, 95)),
        "stretches_missed": float(np.isnan(found).mean()),
        "latency_ms_p50": float(np.percentile(latency, 50)),
        "latency_ms_p95": float(np.percentile(latency, 95)),
        "hops": hops,
        "minutes": minutes,
    }


def measure(config: LiveConfig) -> Outcome:
    """Replay, measure, draw.

    Raises:
        DataError: none of the people is in the data.
    """
    model = load(config.model)
    recordings = [r for r in load_recordings(config.data) if r.subject in config.people]
    if not recordings:
        raise DataError(f"{config.data} has no recording of {', '.join(config.people)}")
    hop_s = model.card.decision.hop_s
    bar = progress_bar(recordings, desc="replay", unit="recording")
    pairs = [(r, replay(model, r, "none"), replay(model, r, None)) for r in bar]
    rows: dict[str, dict[str, Any]] = {}
    for person in config.people:
        mine = [(alone, smooth) for r, alone, smooth in pairs if r.subject == person]
        if mine:
            rows[person] = _both(mine, model.labels, hop_s)
    everyone = _both([(alone, smooth) for _, alone, smooth in pairs], model.labels, hop_s)
    config.out.mkdir(parents=True, exist_ok=True)
    _draw(config, model, pairs, hop_s)
    decision = model.card.decision
    data = {
        "model": config.model,
        "data": Path(config.data).name,
        "smoothing": decision.smoothing,
        "delay_s": decision.delay_s,
        "threshold": decision.threshold,
        "hop_s": hop_s,
        "all": everyone,
        "people": rows,
    }
    text = render(data)
    (config.out / "live.md").write_text(text)
    (config.out / "live.json").write_text(json.dumps(data, indent=1))
    return Outcome(data, text)


def _both(
    pairs: Sequence[tuple[list[ImuResult], list[ImuResult]]],
    labels: tuple[str, ...],
    hop_s: float,
) -> dict[str, Any]:
    return {
        "network": score([alone for alone, _ in pairs], labels, hop_s),
        "smoothed": score([smooth for _, smooth in pairs], labels, hop_s),
    }


def _draw(
    config: LiveConfig,
    model: Model,
    pairs: Sequence[tuple[ImuRecording, list[ImuResult], list[ImuResult]]],
    hop_s: float,
) -> None:
    for recording, _, smooth in pairs:
        if recording.subject == config.picture:
            timeline = Timeline(model.labels, hop_s, recording.rate_hz)
            timeline.write(smooth)
            title = f"{config.model} on a real recording of a test person ({recording.subject})"
            draw_timeline(timeline, config.out / "timeline.png", title)
            return


def render(data: dict[str, Any]) -> str:
    """The Markdown table."""
    head = (
        "| person | accuracy, network alone | smoothed | flicker/min alone | smoothed | true | "
        "onset delay, median s | p95 s | latency p50 ms | p95 ms |"
    )
    lines = [head, "|---" * 10 + "|"]
    for name, row in [*data["people"].items(), ("**all**", data["all"])]:
        alone, smooth = row["network"], row["smoothed"]
        lines.append(
            f"| {name} | {alone['online_accuracy']:.3f} | {smooth['online_accuracy']:.3f} | "
            f"{alone['flicker_per_minute']:.1f} | {smooth['flicker_per_minute']:.1f} | "
            f"{smooth['true_changes_per_minute']:.1f} | {smooth['onset_delay_s_median']:.1f} | "
            f"{smooth['onset_delay_s_p95']:.1f} | {smooth['latency_ms_p50']:.1f} | "
            f"{smooth['latency_ms_p95']:.0f} |"
        )
    alone, smooth = data["all"]["network"], data["all"]["smoothed"]
    lines += [
        "",
        f"{data['model']} on {data['data']}, {smooth['minutes']:.0f} minutes of "
        f"{len(data['people'])} test people, a hop of {data['hop_s']} s; {data['smoothing']} "
        f"smoothing with a delay budget of {data['delay_s']} s, threshold {data['threshold']}.",
        f"Network alone: capture to label {alone['latency_ms_p50']:.2f} ms p50, "
        f"{alone['latency_ms_p95']:.2f} ms p95. Smoothed latency counts the stream time that the "
        "smoothing waited for.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(LiveConfig, measure))
