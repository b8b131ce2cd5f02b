from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from edgehuman.card import Card
from edgehuman.data.samples import Samples
from edgehuman.errors import ParityError
from edgehuman.export.engine import proof as engine_proof
from edgehuman.records import Float32
from edgehuman.runtime.engine import build_on_device
from edgehuman.runtime.engine.build_on_device import Gpu

ABOUT = {"library": "tensorrt", "built_for": [86], "options": {}}


class PlayedEngine:
    """Gives the first six numbers of a record, times a factor; keeps what it was given."""

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self.opened: list[dict[str, Any]] = []

    def open(self, path: Path, request: object) -> PlayedEngine:
        assert path.read_bytes() == b"plan"
        self.opened.append(json.loads(path.with_name(f"{path.name}.json").read_text()))
        return self

    def run(self, array: NDArray[Any]) -> Float32:
        return answers_of(array) * np.array([1, 1, 1, 1, 1, self.factor], np.float32)


def answers_of(array: NDArray[Any]) -> Float32:
    first_N6: Float32 = array.reshape(len(array), -1)[:, :6].astype(np.float32)
    return first_N6


def prove(
    monkeypatch: pytest.MonkeyPatch,
    card: Card,
    samples: Samples,
    engine: PlayedEngine,
    gpu: Gpu | None,
) -> dict[str, Any]:
    monkeypatch.setattr(build_on_device, "find_gpu", lambda: gpu)
    monkeypatch.setattr(engine_proof, "open_tensorrt", engine.open)
    reference = answers_of(samples.array)
    return engine_proof.prove(b"onnx", b"plan", ABOUT, card, samples.array, reference)


@pytest.mark.parametrize("gpu", [None, Gpu("Made GPU", 89, 12060)])
def test_without_its_gpu_an_engine_is_not_proved_and_says_so(
    monkeypatch: pytest.MonkeyPatch, card: Card, samples: Samples, gpu: Gpu | None
) -> None:
    engine = PlayedEngine(1.0)
    assert prove(monkeypatch, card, samples, engine, gpu) == {**ABOUT, "parity": None}
    assert not engine.opened


def test_on_its_gpu_an_engine_is_opened_and_judged(
    monkeypatch: pytest.MonkeyPatch, card: Card, samples: Samples
) -> None:
    engine = PlayedEngine(1.0)
    about = prove(monkeypatch, card, samples, engine, Gpu("Made GPU", 86, 12060))
    assert about["parity"]["cosine"] == pytest.approx(1.0)
    assert about["parity"]["samples"] == len(samples)
    assert engine.opened[0]["engine"] == ABOUT


def test_an_engine_with_other_answers_is_refused(
    monkeypatch: pytest.MonkeyPatch, card: Card, samples: Samples
) -> None:
    with pytest.raises(
        ParityError, match=r"engine on the Made GPU does not match .* cosine .*Nothing"
    ):
        prove(monkeypatch, card, samples, PlayedEngine(-9.0), Gpu("Made GPU", 86, 12060))


def test_an_export_writes_no_engine_whose_answers_differ(
    monkeypatch: pytest.MonkeyPatch, tiny: None, tmp_path: Path, model: onnx.ModelProto
) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    from edgehuman.export.export import ExportConfig, export

    class Liar:
        def run(self, array: NDArray[Any]) -> Float32:
            return answers_of(array)

    monkeypatch.setattr(build_on_device, "find_gpu", lambda: Gpu("Made GPU", 86, 12060))
    monkeypatch.setattr(engine_proof, "open_tensorrt", lambda path, request: Liar())
    words = {"format": "tensorrt", "engine": "tensorrt-rtx", "capability": (86,)}
    with pytest.raises(ParityError, match="does not match the network"):
        export(ExportConfig("any", out=tmp_path / "x.engine", data="made", **words))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
