"""Who takes part, and the reason where somebody cannot."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman import catalogue
from edgehuman.bench import contestants
from edgehuman.bench.contestants import (
    Entry,
    NotMeasured,
    entries_of,
    open_contestant,
    parse_engines,
)
from edgehuman.card import Precision
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.install import pip_line
from edgehuman.runtime.engine.build_on_device import Gpu
from edgehuman.runtime.zoo import zoo_file

MakeModel = Callable[..., Path]
SAMPLE = np.zeros((2, 128, 6), np.float32)


def hide(monkeypatch: pytest.MonkeyPatch, *hidden: str) -> None:
    real = importlib.util.find_spec

    def find(name: str, *rest: Any) -> Any:
        return None if name in hidden else real(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", find)


def test_onnxruntime_always_takes_part_and_first() -> None:
    assert parse_engines("") == ("onnxruntime",)
    assert parse_engines("torch, compile,torch") == ("onnxruntime", "torch", "compile")
    assert parse_engines("tensorrt,onnxruntime") == ("onnxruntime", "tensorrt")


def test_an_unknown_engine_lists_the_valid_ones() -> None:
    with pytest.raises(
        UsageError, match="unknown engine 'timm' in --against; choose from onnxruntime"
    ):
        parse_engines("torch,timm")


def test_an_artefact_is_run_by_onnxruntime(make_model: MakeModel, tmp_path: Path) -> None:
    path = make_model()
    [entry] = entries_of(str(path), ("onnxruntime",), 1, 0, tmp_path)
    assert (entry.arch, entry.num_classes) == ("imuvit_512x5", 3)
    contestant = open_contestant(entry, SAMPLE)
    assert contestant.call(SAMPLE).tolist() == [[0, -1, -4]] * 2
    assert contestant.file_bytes == path.stat().st_size
    assert contestant.model is not None


def test_torch_is_built_from_the_card_with_seeded_weights(
    make_model: MakeModel, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    first, second = (
        open_contestant(
            entries_of(str(make_model()), ("torch",), 1, seed, tmp_path)[0], SAMPLE
        ).call(SAMPLE)
        for seed in (3, 3)
    )
    assert first.shape == (2, 3)
    assert first == pytest.approx(second)


def test_noise_is_of_the_record_that_the_model_takes() -> None:
    windows = Entry("a", "a", "torch", "imuvit_512x5", 3).noise(2)
    assert (windows.shape, windows.dtype.name) == ((2, 128, 6), "float32")
    entry = Entry("b", "b", "torch", "vit_tiny", None, 1, 0, "PersonCrop", (0, 32, 3), "uint8")
    pictures = entry.noise(4)
    assert (pictures.shape, pictures.dtype.name) == ((4, 32, 32, 3), "uint8")
    assert np.array_equal(pictures, entry.noise(4))


def test_torch_is_built_for_the_size_of_the_pictures(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    entry = Entry("b", "b", "torch", "vit_tiny", None, 1, 0, "PersonCrop", (64, 32, 3), "uint8")
    contestant = open_contestant(entry, entry.noise(1))
    assert contestant.call(entry.noise(2)).shape == (2, 192)


def test_without_torch_the_reason_is_the_line_to_install_it(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch, "torch")
    entry = Entry("toy", str(make_model()), "torch", "imuvit_512x5", 3)
    with pytest.raises(NotMeasured, match=re.escape(pip_line("train"))):
        open_contestant(entry, SAMPLE)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorRT is installed, and there is a GPU."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(contestants, "find_gpu", lambda: Gpu("Made GPU", 86, 12060))


def on_tensorrt(model: str, folder: Path) -> str:
    """Why this model cannot take part on TensorRT."""
    [entry] = entries_of(model, ("tensorrt",), 1, 0, folder)
    with pytest.raises(NotMeasured) as reason:
        open_contestant(entry, SAMPLE)
    return str(reason.value)


def test_tensorrt_runs_the_engine_beside_the_file_or_says_why_not(
    gpu: None, make_model: MakeModel, tmp_path: Path
) -> None:
    path = make_model()
    engine = path.with_suffix(".engine")
    line = f"edgehuman export {path} --format tensorrt --engine tensorrt --out {engine}"
    reason = on_tensorrt(str(path), tmp_path)
    assert reason == f"{engine}: no such file. Run `{line}`"
    engine.write_bytes(b"a plan without its side file")
    reason = on_tensorrt(str(path), tmp_path)
    assert "engine.json is missing" in reason
    assert reason.endswith(f". Run `{line}`")
    assert "--rebuild" not in reason  # `edgehuman bench` has none


def test_the_int8_graph_of_a_cpu_is_to_be_exported_for_tensorrt(
    gpu: None, make_model: MakeModel, tmp_path: Path
) -> None:
    reason = on_tensorrt(str(make_model(precision=Precision("int8"))), tmp_path)
    assert "no such file. TensorRT cannot run the INT8 graph for CPUs; export the chec" in reason


def test_an_engine_of_the_zoo_is_made_outside_it(gpu: None, tmp_path: Path) -> None:
    reason = on_tensorrt("zoo:activity", tmp_path)
    assert f"{zoo_file('zoo:activity').with_suffix('.engine')}: no such file. Run `edge" in reason
    line = "zoo:activity --format tensorrt --engine tensorrt --out activity.engine"
    assert reason.endswith(f"`edgehuman export {line}` and bench activity.engine")


def test_a_catalogue_name_is_told_how_its_engine_is_made(
    gpu: None, make_model: MakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contestants, "export_random", lambda *words: make_model())
    reason = on_tensorrt("imuvit_512x5", tmp_path)
    assert "--format tensorrt --engine tensorrt --out imuvit_512x5.engine` and bench that" in reason
    assert str(tmp_path) not in reason  # the exported file is gone when the reader tries


def test_without_a_gpu_the_reason_is_said(
    gpu: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contestants, "find_gpu", lambda: None)
    assert on_tensorrt("zoo:activity", tmp_path).startswith("no NVIDIA GPU found")


def test_without_tensorrt_the_reason_is_said(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch, "tensorrt", "tensorrt_rtx")
    entry = Entry("toy", str(make_model()), "tensorrt", "imuvit_512x5", 3)
    with pytest.raises(NotMeasured, match="TensorRT is not installed"):
        open_contestant(entry, SAMPLE)


def test_a_missing_model_is_an_error_and_not_a_reason(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="no such file"):
        entries_of(str(tmp_path / "nowhere.onnx"), ("onnxruntime",), 1, 0, tmp_path)


@pytest.mark.slow
@pytest.mark.long
def test_a_catalogue_name_is_exported_once_and_run(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    pytest.importorskip("torch")
    request.getfixturevalue("traces")
    entries = entries_of("imuvit_512x5", ("onnxruntime", "torch"), 1, 5, tmp_path)
    assert [entry.path for entry in entries] == [str(tmp_path / "imuvit_512x5.onnx")] * 2
    ours, theirs = (open_contestant(entry, SAMPLE).call(SAMPLE) for entry in entries)
    assert ours == pytest.approx(theirs, abs=1e-4)


def test_a_head_takes_part_with_its_network(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from tests.nets import tiny_encoder

    monkeypatch.setitem(catalogue.NETWORKS, tiny_encoder.NAME, tiny_encoder.ROW)
    begins_at = ("PersonCrop", (64, 32, 3), "uint8")
    for kind, shape in (("segmentation", (1, 5, 16, 8)), ("attributes", (1, 5))):
        entry = Entry("x", "x.onnx", "torch", tiny_encoder.NAME, 5, 1, 0, *begins_at, kind)  # type: ignore[arg-type]
        answer = open_contestant(entry, entry.noise(1)).call(entry.noise(1))
        assert answer.shape == shape
