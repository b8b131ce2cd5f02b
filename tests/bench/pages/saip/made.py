"""Trainings that are left out, for the tests of tables: each says what it was asked, and a score
that a person can compute.
"""

from __future__ import annotations

from typing import Any

import pytest

from edgehuman.bench.pages.saip import trainings
from edgehuman.outcome import Outcome

Asked = list[tuple[str, Any]]


def leave_out_trainings(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Replace drawing, pretraining, fine-tuning and judging from now on; return what is asked.

    A fine-tuning scores 0.25, and 0.5 more with weights; a tenth of its seed comes on top.
    """
    pytest.importorskip("torch")
    found: Asked = []

    def drawn(config: Any) -> Outcome:
        found.append(("draw", config))
        return Outcome({}, "")

    def pretrained(config: Any) -> Outcome:
        found.append(("pretrain", config))
        return Outcome({}, "")

    def tuned(config: Any) -> Outcome:
        found.append((config.task, config))
        score = 0.25 + 0.5 * (config.weights is not None) + config.seed / 10
        names = ("rank1", "mean_ap", "mean_accuracy", "mean_iou", "ap_p_vol")
        return Outcome({"metrics": dict.fromkeys(names, score)}, "")

    def judged(config: Any) -> Outcome:
        found.append(("judge", config))
        return Outcome(
            {
                "metrics": {
                    "mean_iou": 0.5,
                    "ap_p_vol": 0.125,
                    "ap50": 0.375,
                    "box_ap_iou_f1": 0.5,
                    "box_ap_f1": 0.5,
                }
            },
            "",
        )

    def examined(config: Any) -> Outcome:
        found.append(("examine", config))
        score = 0.5 if config.split == "test" else 0.25
        return Outcome({"metrics": dict.fromkeys(("ap", "mean_oks", "median_iou"), score)}, "")

    def framed(config: Any) -> Outcome:
        found.append(("frames", config))
        return Outcome({}, "")

    monkeypatch.setattr(trainings, "simulate", drawn)
    monkeypatch.setattr("edgehuman.data.image.frames.write.simulate", framed)
    monkeypatch.setattr(trainings, "evaluate", judged)
    monkeypatch.setattr("edgehuman.bench.evaluate.image.evaluate", examined)
    monkeypatch.setattr("edgehuman.pretrain.saip.saip.train", pretrained)
    for module in ("reid", "attributes", "parsing", "pose"):
        monkeypatch.setattr(f"edgehuman.tasks.image.{module}.train", tuned)
    for module in ("captions", "crowds", "garments", "detection"):
        monkeypatch.setattr(f"edgehuman.tasks.image.{module}.train.train", tuned)
    return found


def of(asked: Asked, kind: str) -> list[Any]:
    """The configs of one kind, in order."""
    return [config for name, config in asked if name == kind]


def table_of(text: str) -> dict[str, list[str]]:
    """The cells of a table by the name of the row, the heads under ""."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    rows = [line.strip("| ").split(" | ") for line in lines]
    return {"": rows[0], **{row[0]: row[1:] for row in rows[1:]}}
