"""Whether an engine belongs here is known before its plan is opened."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import ArtefactError, EngineError
from edgehuman.runtime.engine import plan_file as engine_file
from edgehuman.runtime.engine.build import write_engine
from edgehuman.runtime.engine.build_on_device import Gpu, Options, build, describe
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.engine.plan_file import (
    EngineMismatchError,
    read_engine,
    require_fit,
    require_machine,
    side_path,
)
from tests.runtime.conftest import MakeModel, tiny_card
from tests.runtime.played_gpu import GPU, PLAN, edit_side, resealed, write_played


@pytest.fixture
def engine(tiny: Path) -> Path:
    return write_played(tiny)


def fit(path: Path, version: str = "10.3.0", gpu: Any = GPU, wanted: str = "tensorrt") -> list[str]:
    return require_fit(read_engine(path), wanted, version, gpu)


def test_an_engine_that_belongs_here(engine: Path) -> None:
    file = read_engine(engine)
    assert (file.plan, file.card, file.built_for) == (PLAN, tiny_card(), (86,))
    assert fit(engine) == []


def test_an_edited_plan(engine: Path) -> None:
    engine.write_bytes(PLAN + b"!")
    with pytest.raises(EngineMismatchError, match=r"has .*was edited.*add --rebuild, or run"):
        read_engine(engine)


def test_a_missing_side_file_says_what_to_do_with_and_without_an_onnx(engine: Path) -> None:
    side_path(engine).unlink()
    with pytest.raises(EngineMismatchError, match=r"engine\.json is missing.*or run .*tiny\.onnx"):
        read_engine(engine)
    engine.with_suffix(".onnx").unlink()
    with pytest.raises(EngineMismatchError, match=r"Copy its tiny\.onnx beside it"):
        read_engine(engine)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"engine": {}}', '{"engine": null}', "\xff\xfe"])
def test_a_side_file_that_is_none(engine: Path, text: str) -> None:
    side_path(engine).write_bytes(text.encode("latin-1"))
    with pytest.raises(EngineMismatchError, match="is not a complete side file"):
        read_engine(engine)


def test_a_side_file_with_a_key_missing_or_of_another_type(engine: Path) -> None:
    edit_side(engine, engine_sha256=None)
    with pytest.raises(EngineMismatchError, match="KeyError: 'engine_sha256'"):
        read_engine(engine)
    edit_side(engine, engine_sha256="0" * 64, built_for=86)
    with pytest.raises(EngineMismatchError, match="built_for is 86, not a list"):
        read_engine(engine)


def test_a_side_file_whose_card_is_of_another_schema(engine: Path) -> None:
    side = side_path(engine)
    newer = side.read_bytes().replace(b'"schema_version": 1', b'"schema_version": 99')
    side.write_bytes(resealed(newer))
    with pytest.raises(EngineMismatchError, match="schema version 99"):
        read_engine(engine)


def test_a_missing_plan(engine: Path) -> None:
    engine.unlink()
    with pytest.raises(EngineMismatchError, match=r"no such file.*Build it here with"):
        read_engine(engine)
    engine.with_suffix(".onnx").unlink()
    with pytest.raises(ArtefactError, match=r"no such file; give the path of an \.engine"):
        read_engine(engine)


def test_an_engine_of_the_other_library(engine: Path) -> None:
    with pytest.raises(
        EngineMismatchError, match="built by tensorrt, but tensorrt_rtx cannot read"
    ):
        fit(engine, wanted="tensorrt_rtx")


@pytest.mark.parametrize("installed", ["10.3.1", "10.2.9", "11.0.0"])
def test_a_plan_is_for_one_version(engine: Path, installed: str) -> None:
    with pytest.raises(EngineMismatchError, match=rf"by tensorrt 10\.3\.0, but {installed} is ins"):
        fit(engine, installed)


def test_a_version_compatible_plan_goes_up_to_the_next_major(tiny: Path) -> None:
    engine = write_played(tiny, version_compatible=True)
    assert fit(engine, "10.13.0.post1") == []
    assert fit(engine, "11.4.1") == []
    with pytest.raises(EngineMismatchError, match="later versions, not in earlier"):
        fit(engine, "10.2.0")
    with pytest.raises(EngineMismatchError, match="only a plan of TensorRT 10 runs, in 11"):
        fit(engine, "12.0.0")


def test_another_gpu(engine: Path) -> None:
    other = Gpu("Other GPU", 89, 12060)
    with pytest.raises(
        EngineMismatchError, match=r"capability 86 .*none.*the Other GPU here has 89"
    ):
        fit(engine, gpu=other)


def test_ampere_plus_runs_on_ampere_and_newer(tiny: Path) -> None:
    engine = write_played(tiny, hardware="ampere_plus")
    assert fit(engine, gpu=dataclasses.replace(GPU, capability=120)) == []
    with pytest.raises(EngineMismatchError, match="hardware compatibility: ampere_plus"):
        fit(engine, gpu=dataclasses.replace(GPU, capability=75))


def test_another_platform(tiny: Path) -> None:
    engine = write_played(tiny, platform="Linux aarch64x")
    with pytest.raises(EngineMismatchError, match="built on Linux aarch64x, but this is"):
        fit(engine)


def test_another_onnx_beside_it(engine: Path, make_model: MakeModel) -> None:
    make_model(gain=5.0)
    with pytest.raises(EngineMismatchError, match="so it is another model"):
        fit(engine)
    engine.with_suffix(".onnx").unlink()
    assert fit(engine) == []


def test_what_fits_and_is_not_the_best_is_remarked(engine: Path) -> None:
    twin = Gpu("Twin GPU", 86, 12020)
    tuned, driver = fit(engine, gpu=twin)
    assert "was tuned for a Made GPU, but this is a Twin GPU" in tuned
    assert "with a driver for CUDA 12.6, but the driver here is for CUDA 12.2" in driver


def test_no_gpu_says_what_to_run(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_file, "find_gpu", lambda: None)
    with pytest.raises(EngineError, match=r"needs an NVIDIA GPU.*on the CPU run .*tiny\.onnx") as e:
        require_machine(engine)
    assert not isinstance(e.value, EngineMismatchError)


def test_a_real_engine_of_the_export_is_read_and_compared(tiny: Path, tmp_path: Path) -> None:
    trt = pytest.importorskip("tensorrt_rtx", reason="pip install 'edgehuman[tensorrt-rtx]'")
    options, content = Options(capabilities=(86,)), tiny.read_bytes()
    plan, _ = build(trt, content, options, b"", lambda share, phase: None)
    path = tmp_path / "real.engine"
    write_engine(path, content, read_card(tiny), plan, describe(trt, content, plan, options, 1.0))
    assert fit(path, trt.__version__, GPU, "tensorrt_rtx") == []
    with pytest.raises(EngineMismatchError, match=r"compute capability 86 .* has 89"):
        fit(path, trt.__version__, dataclasses.replace(GPU, capability=89), "tensorrt_rtx")
    with path.open("r+b") as stream:
        stream.seek(len(plan) // 2)
        stream.write(b"edited")
    with pytest.raises(EngineMismatchError, match="was edited"):
        fit(path, trt.__version__, GPU, "tensorrt_rtx")


def test_no_flipped_byte_of_a_plan_or_its_side_file_passes(engine: Path) -> None:
    rng = random.Random(3)
    for path in (engine, side_path(engine)):
        good = path.read_bytes()
        for i in range(300):
            bad = bytearray(good)
            bad[round(i * (len(good) - 1) / 299)] ^= rng.randrange(1, 256)
            path.write_bytes(bad)
            with pytest.raises(EngineMismatchError):
                read_engine(engine)
        path.write_bytes(good)
    assert read_engine(engine).card == tiny_card()


def test_a_side_file_without_a_seal_says_how_to_get_one(engine: Path) -> None:
    side = side_path(engine)
    good = side.read_bytes()
    for bad, said in (
        (good.replace(b'"seal"', b'"sale"'), "has no seal"),
        (good.replace(b"{", b'{"seal": "' + b"0" * 64 + b'",', 1), "has 2 seals"),
    ):
        side.write_bytes(bad)
        with pytest.raises(EngineMismatchError, match=f"{said}.*`edgehuman seal {engine}`"):
            read_engine(engine)


def test_plan_and_side_file_are_each_read_once(
    engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # pathlib of another Python reads without `open` of its own.
    opens, reads = Path.open, list[str]()

    def counted(path: Path) -> bytes:
        with opens(path, "rb") as stream:
            reads.append(path.name)
            return stream.read()

    def opened(path: Path, *given: Any, **words: Any) -> Any:
        reads.append(path.name)
        return opens(path, *given, **words)

    monkeypatch.setattr(Path, "read_bytes", counted)
    monkeypatch.setattr(Path, "open", opened)
    assert read_engine(engine).plan == PLAN
    assert sorted(reads) == ["tiny.engine", "tiny.engine.json"]
