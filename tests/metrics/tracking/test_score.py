"""All metrics of tracking, and the same by TrackEval."""

from __future__ import annotations

import warnings
from collections.abc import Sequence as Several
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.metrics.tracking.mot import Truth, prepared
from edgehuman.metrics.tracking.score import of_several, score_tracks
from edgehuman.metrics.tracking.sequence import Sequence
from edgehuman.records import Float64
from tests.metrics.tracking.examples import gap, random_video, swap

_THEIRS = {
    "hota": ("HOTA", "HOTA"), "det_a": ("HOTA", "DetA"), "ass_a": ("HOTA", "AssA"),
    "det_re": ("HOTA", "DetRe"), "det_pr": ("HOTA", "DetPr"), "ass_re": ("HOTA", "AssRe"),
    "ass_pr": ("HOTA", "AssPr"), "loc_a": ("HOTA", "LocA"), "mota": ("CLEAR", "MOTA"),
    "motp": ("CLEAR", "MOTP"), "id_switches": ("CLEAR", "IDSW"), "fragments": ("CLEAR", "Frag"),
    "mostly_tracked": ("CLEAR", "MT"), "mostly_lost": ("CLEAR", "ML"),
    "idf1": ("Identity", "IDF1"), "idr": ("Identity", "IDR"), "idp": ("Identity", "IDP"),
}  # fmt: skip


def test_the_metrics_that_people_ask_for_come_first() -> None:
    found = of_several([score_tracks(swap()), score_tracks(gap())]).metrics()
    assert list(found)[:4] == ["hota", "idf1", "mota", "id_switches"]
    assert (found["people"], found["tracks"], found["id_switches"]) == (3, 4, 3)


def referee() -> Any:
    """TrackEval 1.3.0: `pip install --no-deps trackeval==1.3.0 tabulate`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("trackeval", reason="trackeval is not installed (dev only)")


def theirs(videos: Several[Sequence]) -> dict[str, float]:
    metrics = referee().metrics
    quiet = {"PRINT_CONFIG": False}
    each = {
        "HOTA": metrics.HOTA(), "CLEAR": metrics.CLEAR(quiet), "Identity": metrics.Identity(quiet)
    }  # fmt: skip
    found = {}
    for name, metric in each.items():
        results = {}
        for k, video in enumerate(videos):
            count_G, count_M = video.count_true_G, video.count_found_M
            data = {
                "num_timesteps": len(video.true), "gt_ids": list(video.true),
                "tracker_ids": list(video.found), "similarity_scores": list(video.alike),
                "num_gt_ids": len(count_G), "num_tracker_ids": len(count_M),
                "num_gt_dets": int(count_G.sum()), "num_tracker_dets": int(count_M.sum()),
            }  # fmt: skip
            results[k] = metric.eval_sequence(data)
        found[name] = metric.combine_sequences(results)
    return {name: float(np.mean(found[kind][key])) for name, (kind, key) in _THEIRS.items()}


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_every_metric_is_that_of_trackeval() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        videos = [random_video(rng) for _ in range(3)]
        ours = of_several([score_tracks(video) for video in videos]).metrics()
        for name, value in theirs(videos).items():
            assert ours[name] == pytest.approx(value, abs=1e-12), name


def lines(rows: Several[Several[float]]) -> str:
    return "".join(",".join(f"{value:.10g}" for value in row) + "\n" for row in rows)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_the_preparation_is_that_of_trackeval(tmp_path: Path) -> None:
    """MOT17 files with every class: the same numbers as its reader, preparation and metrics."""
    rng = np.random.default_rng(1)
    frames, truths, founds = 30, [], []
    truth_rows, found_rows = [], []
    place_P2 = rng.uniform(0, 400, (12, 2))
    kind_P = np.array([1, 1, 1, 1, 1, 2, 7, 8, 12, 3, 1, 1])
    for t in range(1, frames + 1):
        place_P2 = place_P2 + rng.normal(0, 3, place_P2.shape)
        box_P4 = np.concatenate([place_P2, place_P2 + np.array((30, 70))], axis=1)
        shaken_P4 = box_P4 + rng.normal(0, 4, box_P4.shape)
        is_marked_P = rng.random(12) > 0.15
        is_found_P = rng.random(12) > 0.2
        number_P = np.arange(12) + 1 + 20 * (t > 15) * (np.arange(12) % 2)
        truths.append(Truth(np.arange(12) + 1, box_P4, kind_P, is_marked_P))
        founds.append((number_P[is_found_P], shaken_P4[is_found_P]))
        for p in range(12):
            truth_rows.append([t, p + 1, *_sized(box_P4[p]), int(is_marked_P[p]), kind_P[p], 1])
        for number, box_4 in zip(*founds[-1], strict=True):
            found_rows.append([t, number, *_sized(box_4), 0.9, -1, -1, -1])
    ours = score_tracks(prepared(truths, founds)).metrics()
    found = _by_files(tmp_path, lines(truth_rows), lines(found_rows), frames)
    for name, (kind, key) in _THEIRS.items():
        assert ours[name] == pytest.approx(float(np.mean(found[kind][key])), abs=1e-9), name


def _sized(box_4: Float64) -> list[float]:
    return [*box_4[:2].tolist(), *(box_4[2:] - box_4[:2]).tolist()]


def _by_files(folder: Path, truth: str, found: str, frames: int) -> Any:
    trackeval = referee()
    (folder / "gt" / "one" / "gt").mkdir(parents=True)
    (folder / "gt" / "one" / "gt" / "gt.txt").write_text(truth)
    (folder / "gt" / "one" / "seqinfo.ini").write_text(
        f"[Sequence]\nname=one\nseqLength={frames}\n"
    )
    (folder / "trackers" / "ours" / "data").mkdir(parents=True)
    (folder / "trackers" / "ours" / "data" / "one.txt").write_text(found)
    config = {
        "GT_FOLDER": str(folder / "gt"), "TRACKERS_FOLDER": str(folder / "trackers"),
        "BENCHMARK": "MOT17", "SEQ_INFO": {"one": frames}, "SKIP_SPLIT_FOL": True,
        "PRINT_CONFIG": False, "TRACKERS_TO_EVAL": ["ours"],
    }  # fmt: skip
    dataset = trackeval.datasets.MotChallenge2DBox(config)
    raw = dataset.get_raw_seq_data("ours", "one")
    data = dataset.get_preprocessed_seq_data(raw, "pedestrian")
    quiet = {"PRINT_CONFIG": False}
    metrics = trackeval.metrics
    return {
        "HOTA": metrics.HOTA().eval_sequence(data),
        "CLEAR": metrics.CLEAR(quiet).eval_sequence(data),
        "Identity": metrics.Identity(quiet).eval_sequence(data),
    }
