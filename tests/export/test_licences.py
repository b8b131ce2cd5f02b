"""`edgehuman export --commercial`: what is refused, and that the message names all of it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from edgehuman.card import RANDOM_WEIGHTS, Ancestor, Card, Role, TrainingData
from edgehuman.catalogue import SIMULATED
from edgehuman.data.imu.write import SimulateConfig, simulate
from edgehuman.data.samples import Samples
from edgehuman.errors import LicenceError
from edgehuman.export import networks
from edgehuman.export.engine.from_onnx import build_from_onnx
from edgehuman.export.export import export
from edgehuman.export.licences import calibration_row, require_commercial
from edgehuman.export.words import ExportConfig
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.tables.datasets import DATASETS
from tests.export.tiny import wearable


def row(dataset: str, role: Role = "training", licence: str | None = None) -> TrainingData:
    known = DATASETS.get(dataset)
    words = licence or ("not stated" if known is None else known.licence)
    return TrainingData(dataset, role, words, "" if known is None else known.url, 10, 2)


def card_of(*rows: TrainingData) -> Card:
    return wearable()[1].replace(data=rows)


TEACHER = Ancestor("runs/large", "imuvit_512x5", 1000, "0" * 8)


def test_a_lineage_that_allows_it_passes() -> None:
    simulated = TrainingData("simulated", "training", "Apache-2.0 (ours)", "", 9, 3, simulated=True)
    card = card_of(row("wisdm2019"), row("pamap2", "teacher"), simulated)
    require_commercial(card.replace(teachers=(TEACHER,)), "runs/a")
    require_commercial(card_of().replace(recipe=f"{RANDOM_WEIGHTS}, seed 0"), "imuconv_288k")


def test_every_row_that_does_not_is_named_with_its_part_in_it() -> None:
    card = card_of(
        row("wisdm2019"),
        row("psymo", "teacher"),
        row("hapt", "selection"),
        row("mine", "pretraining"),
        row("psymo", "teacher"),
    )
    with pytest.raises(LicenceError) as caught:
        require_commercial(card, "runs/a")
    said = str(caught.value)
    url = DATASETS["hapt"].url
    assert said.startswith("--commercial: runs/a may not be used commercially, or nobody said so: ")
    assert (
        "psymo (taught its teacher, https://github.com/cosmaadrian/psymo): forbidden, as its terms "
        'say "CC BY-NC-ND"; '
    ) in said
    assert f"hapt (selected its checkpoint, {url}): unknown, as its page allows" in said
    assert "mine (pretrained it): unknown, as its terms are not stated. " in said
    assert "another teacher; if the owners gave you permission, leave out --commercial" in said
    assert said.count("psymo (") == 1
    assert "wisdm2019" not in said


@pytest.mark.parametrize(
    ("card", "message"),
    [
        (card_of(), "runs/a may .*: its card names no data"),
        (
            card_of(row("pamap2")).replace(teachers=(TEACHER,)),
            "does not say what taught its teacher runs/large",
        ),
    ],
)
def test_a_card_that_says_nothing_is_refused(card: Card, message: str) -> None:
    with pytest.raises(LicenceError, match=message):
        require_commercial(card, "runs/a")


def test_it_is_refused_before_any_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    network, card = wearable()[0], card_of(row("usc_had"))
    monkeypatch.setattr(networks, "load", lambda checkpoint, seed, post="inside": (network, card))
    # There is no such data: it is not looked at.
    config = ExportConfig("any", data="nowhere", out=tmp_path / "x.onnx", commercial=True)
    with pytest.raises(LicenceError, match=re.escape("usc_had (trained it, https://sipi.usc")):
        export(config)
    assert os.listdir(tmp_path) == []


def test_an_engine_of_a_finished_graph_is_refused_too(tmp_path: Path) -> None:
    def config(model: str, out: str) -> ExportConfig:
        return ExportConfig(
            model, format="tensorrt", on_device=True, out=tmp_path / out, commercial=True
        )

    with pytest.raises(LicenceError, match=r"zoo:activity may .*uci_har .*: unknown.*; hapt "):
        build_from_onnx(config("zoo:activity", "a"))
    assert os.listdir(tmp_path) == []
    build_from_onnx(config("zoo:gait-silhouette", "b"))
    assert "build.py" in os.listdir(tmp_path / "b")


@pytest.mark.parametrize("record", ["PersonCrop", "Frame"])
def test_labels_of_ones_own_say_who_made_them(tmp_path: Path, record: str) -> None:
    samples = Samples(np.zeros((3, 2)), np.full(3, -1), np.array(list("aab")), "photos")
    mine = tmp_path / "ccp"
    mine.mkdir()
    # The name of a folder says nothing.
    made = calibration_row(record, str(mine), samples)
    assert (made.dataset, made.licence, made.windows, made.subjects) == ("ccp", "not stated", 3, 2)
    line = {"image": "a.png", "dataset": "ccp", "labelled_by": ["A (MIT)"]}
    line |= {"boxes": []} if record == "Frame" else {}
    (mine / "labels.jsonl").write_text(json.dumps(line))
    made = calibration_row(record, str(tmp_path), samples)
    assert made.dataset == "ccp"
    assert made.licence == f"{DATASETS['ccp'].licence}; labels: A (MIT)"
    assert made.url == DATASETS["ccp"].url


def test_what_calibrates_an_int8_graph_is_in_its_card_and_may_forbid_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    network, card = wearable()[0], card_of(row("pamap2"))
    monkeypatch.setattr(networks, "load", lambda checkpoint, seed, post="inside": (network, card))

    def config(data: str, commercial: bool) -> ExportConfig:
        return ExportConfig(
            "any", data=data, out=tmp_path / "x.onnx", commercial=commercial, precision="int8",
            samples=32, max_drop=100.0,
        )  # fmt: skip

    export(config(SIMULATED, commercial=True))
    rows = read_card(tmp_path / "x.onnx").data
    assert [(each.dataset, each.role) for each in rows] == [
        ("pamap2", "training"),
        (SIMULATED, "calibration"),
    ]
    recordings = tmp_path / "mine"
    simulate(SimulateConfig(recordings, people=4, minutes=0.5))
    os.unlink(tmp_path / "x.onnx")
    with pytest.raises(LicenceError, match=r"\(calibrated it\): unknown, as its terms are not"):
        export(config(str(recordings), commercial=True))
    assert not (tmp_path / "x.onnx").exists()
