from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgehuman.card import Card, image_input
from edgehuman.catalogue import NETWORKS
from edgehuman.data.samples import Samples
from edgehuman.errors import ArtefactError, EngineError, MissingDependencyError, UsageError
from edgehuman.export import export as artefact
from edgehuman.export import forms, networks
from edgehuman.export.export import ExportConfig, export
from edgehuman.export.graph import fp16
from edgehuman.export.graph.trace import to_onnx, with_card
from edgehuman.export.proof.judge import Judge, answers
from edgehuman.metrics.parity import failures
from edgehuman.nets.image.heads import person_net
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.engine import build as to_tensorrt
from edgehuman.runtime.engine import build_on_device
from edgehuman.runtime.engine.build_on_device import Options
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.model import load
from edgehuman.runtime.zoo import zoo_file
from edgehuman.simulate.skeleton.walks import simulate_skeletons
from tests import leaving
from tests.export.tiny import OUTPUTS, image_network, noise

SHIPPED_INPUTS: Mapping[str, Callable[[], Float32 | Uint8]] = {
    "ImuWindow": lambda: np.random.default_rng(0).normal(0, 1, (2, 128, 6)).astype(np.float32),
    "SkeletonSequence": lambda: simulate_skeletons(2, 1, seed=0, frames=24).skeleton_NTJ3,
    "PersonCrop": lambda: noise(2, (128, 64)).array,
}


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_an_engine_with_its_graph_and_its_side_file(
    tiny_checkpoint: None, tmp_path: Path, precision: str
) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    path = tmp_path / "x.engine"
    outcome = export(
        ExportConfig(
            "any",
            format="tensorrt",
            engine="tensorrt-rtx",
            capability=(86,),
            precision=precision,  # type: ignore[arg-type]
            data="made",
            samples=48,
            max_drop=5.0,
            out=path,
        )
    )
    assert sorted(os.listdir(tmp_path)) == ["x.engine", "x.engine.json", "x.onnx"]
    side = json.loads((tmp_path / "x.engine.json").read_text())
    about = side["engine"]
    assert about["engine_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert about["onnx_sha256"] == hashlib.sha256((tmp_path / "x.onnx").read_bytes()).hexdigest()
    assert about["library"] == "tensorrt_rtx"
    assert {"version", "gpu", "compute_capability", "driver", "options"} <= set(about)
    card = read_card(tmp_path / "x.onnx")
    assert side["card"] == json.loads(card.to_json())
    assert card.precision.name == ("int8-tensorrt" if precision == "int8" else precision)
    assert isinstance(outcome.data, dict)
    assert outcome.data["engine"]["built_for"] == [86]
    assert outcome.data["latency_ms"] == {}


# Larger networks take minutes: test_export builds small ones of their kind, the tests below the
# shipped ones, and the page of formats every network of the catalogue.
SMALL = [
    pytest.param(name, marks=[] if row.family == "imuconv" else [pytest.mark.long])
    for name, row in NETWORKS.items()
    if row.params < 1_500_000 and row.modality == "imu"
]


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
@pytest.mark.parametrize("name", SMALL)
def test_small_catalogued_networks_build(
    made_data: None, traces: None, tmp_path: Path, name: str, precision: str
) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    config = ExportConfig(
        name,
        format="tensorrt",
        engine="tensorrt-rtx",
        capability=(86,),
        precision=precision,  # type: ignore[arg-type]
        data="made",
        samples=48,
        max_drop=5.0,
        out=tmp_path / "x.engine",
    )
    assert isinstance(export(config).data, dict)
    assert (tmp_path / "x.engine").stat().st_size > 100_000


@pytest.mark.long
@pytest.mark.parametrize("name", ["vit", "starnet", "tinyvit"])
@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_networks_of_person_images_build(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    precision: str,
) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    network, card, model = image_network(name)
    monkeypatch.setattr(networks, "load", lambda checkpoint, seed, post="inside": (network, card))
    monkeypatch.setattr(artefact, "to_onnx", lambda network, card: model)
    image_NHWC = np.random.default_rng(0).integers(0, 256, (32, 64, 32, 3), np.uint8)
    person_N = np.array([str(i // 4) for i in range(32)])
    made = Samples(image_NHWC, np.full(32, -1), person_N, "noise")
    monkeypatch.setattr(forms, "load_samples", lambda card, data: made)
    config = ExportConfig(
        "any",
        format="tensorrt",
        engine="tensorrt-rtx",
        capability=(86,),
        precision=precision,  # type: ignore[arg-type]
        data="made",
        samples=16,
        calibration="minmax",
        max_drop=100.0,
        out=tmp_path / "x.engine",
    )
    assert isinstance(export(config).data, dict)
    assert (tmp_path / "x.engine").stat().st_size > 10_000


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("name", ["zoo:activity", "zoo:gait-skeleton", "zoo:person-garments"])
def test_a_shipped_graph_passes_parity_in_half_precision_and_builds_an_engine(
    name: str, tmp_path: Path
) -> None:
    library = pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    path = zoo_file(name)
    card, whole = read_card(path), load(name)
    array = SHIPPED_INPUTS[card.input.record]()
    few = Judge(
        Samples(array, np.full(2, -1), np.array(["a", "b"]), "made"),
        whole.engine.run(array),
        card.output,
    )
    model = onnx.load(path)
    half = fp16.convert(model, fp16.overflowing(model, array))[0]
    assert failures(few.verdict(half).parity, "fp16") == []
    plan, _ = to_tensorrt.build_engine(
        library, half.SerializeToString(), Options(capabilities=(86,)), tmp_path / "timing"
    )
    assert len(plan) > 100_000


# Another backbone ships, see above; the small networks of test_export have every head, and the
# page of formats holds every student and head.
STUDENTS = {"parsing": "starnet_s3"}


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize(("task", "arch"), STUDENTS.items())
def test_a_student_and_its_head_pass_parity_and_build_an_engine(
    task: str, arch: str, tmp_path: Path
) -> None:
    library = pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    network = person_net(arch, OUTPUTS[task])
    card = Card(arch, task, arch, 1, 1, image_input(), OUTPUTS[task])
    model = to_onnx(network, card)
    samples = noise(2, (256, 128))
    few = Judge(samples, answers(network, samples.array), card.output)
    half = fp16.convert(model, fp16.overflowing(model, few.samples.array))[0]
    assert failures(few.verdict(model).parity, "fp32") == []
    assert failures(few.verdict(half).parity, "fp16") == []
    plan, _ = to_tensorrt.build_engine(
        library, half.SerializeToString(), Options(capabilities=(86,)), tmp_path / "timing"
    )
    assert len(plan) > 1_000_000


def test_a_missing_library_is_one_line_before_any_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    config = ExportConfig("imuvit_512x5", format="tensorrt", out=tmp_path / "x.engine")
    with pytest.raises(MissingDependencyError, match="run: pip install tensorrt"):
        export(config)


def test_no_gpu_and_no_capability(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    monkeypatch.setattr(build_on_device, "find_gpu", lambda: None)
    config = ExportConfig(
        "imuvit_512x5", format="tensorrt", engine="tensorrt-rtx", out=tmp_path / "x.engine"
    )
    with pytest.raises(EngineError, match="give a capability: 75"):
        export(config)


def test_on_device_needs_no_library(
    tiny_checkpoint: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    out = tmp_path / "bundle"
    outcome = export(ExportConfig("any", format="tensorrt", on_device=True, data="made", out=out))
    assert sorted(os.listdir(out)) == ["build.py", "bundle.json", "tiny.onnx"]
    assert os.listdir(tmp_path) == ["bundle"]
    assert isinstance(outcome.data, dict)
    assert outcome.data["path"] == str(out)


def test_a_bundle_takes_no_folder_of_other_files(
    tmp_path: Path, model: onnx.ModelProto, card: Card
) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ArtefactError, match="contains other files"):
        to_tensorrt.write_bundle(tmp_path, model.SerializeToString(), card, Options())
    assert os.listdir(tmp_path) == ["letter.txt"]


def test_a_folder_of_other_files_is_refused_before_the_work(
    tiny_checkpoint: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def worked(*given: object) -> None:
        raise AssertionError("the work began")

    monkeypatch.setattr(forms, "load_samples", worked)
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ArtefactError, match=r"contains other files \(letter\.txt\)"):
        export(ExportConfig("any", format="tensorrt", on_device=True, out=tmp_path))
    with pytest.raises(AssertionError, match="the work began"):
        export(ExportConfig("any", format="tensorrt", on_device=True, out=tmp_path / "bundle"))
    assert os.listdir(tmp_path) == ["letter.txt"]


@pytest.mark.parametrize("is_new", [True, False])
def test_a_full_disk_leaves_a_working_engine(tmp_path: Path, card: Card, is_new: bool) -> None:
    path = tmp_path / "x.engine"
    if not is_new:
        to_tensorrt.write_engine(path, b"graph", card, b"plan", {"built_for": [86]})
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    code = (
        "import resource; from pathlib import Path;"
        "from edgehuman.card import from_json;"
        "from edgehuman.runtime.engine import build as to_tensorrt;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000));"
        f"to_tensorrt.write_engine(Path({str(path)!r}), b'new', from_json({card.to_json()!r}, ''),"
        "bytes(10000), {})"
    )
    done = leaving.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"ArtefactError: cannot write to {path} (File too large)" in done.stderr
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every engine is built in no time."""
    plan = bytes(2000)

    def build(library: object, onnx: bytes, *rest: object) -> tuple[bytes, dict[str, object]]:
        found = hashlib.sha256(onnx).hexdigest()
        return plan, {
            "library": "played", "version": "1", "built_for": [86], "build_s": 0.0,
            "onnx_sha256": found, "engine_sha256": hashlib.sha256(plan).hexdigest(),
        }  # fmt: skip

    monkeypatch.setattr(artefact, "_library", lambda config: None)
    monkeypatch.setattr(to_tensorrt, "build_engine", build)
    monkeypatch.setattr("edgehuman.runtime.engine.build_on_device.find_gpu", lambda: None)


def engine_at(path: Path, precision: str = "fp32") -> ExportConfig:
    return ExportConfig("any", format="tensorrt", precision=precision, data="made", out=path)  # type: ignore[arg-type]


def test_all_three_files_of_an_engine_are_told(
    tiny_checkpoint: None, built: None, tmp_path: Path
) -> None:
    data = export(engine_at(tmp_path / "x.engine")).data
    assert isinstance(data, dict)
    assert sorted(data["files"]) == sorted(str(file) for file in tmp_path.iterdir())
    assert len(data["files"]) == 3


def test_an_engine_takes_the_place_of_no_other_precision(
    tiny_checkpoint: None, built: None, tmp_path: Path
) -> None:
    path = tmp_path / "x.engine"
    export(ExportConfig("any", data="made", out=tmp_path / "x.onnx"))
    before = (tmp_path / "x.onnx").read_bytes()
    with pytest.raises(UsageError, match=r"holds another model \(tiny in fp32\)"):
        export(engine_at(path, "fp16"))
    assert (tmp_path / "x.onnx").read_bytes() == before
    (tmp_path / "x.onnx").unlink()
    export(engine_at(path, "fp16"))
    again = export(engine_at(path))  # its own graph goes with the engine
    assert isinstance(again.data, dict)
    assert again.data["notes"] == []


@pytest.mark.parametrize("is_ours", [True, False])
def test_an_engine_takes_the_place_of_no_other_model(
    tiny_checkpoint: None,
    built: None,
    tmp_path: Path,
    model: onnx.ModelProto,
    card: Card,
    is_ours: bool,
) -> None:
    other = with_card(model, card.replace(name="other", weights_sha256="1234"))
    content = other.SerializeToString() if is_ours else b"my letters"
    (tmp_path / "x.onnx").write_bytes(content)
    said = r"holds another model \(other in fp32\)" if is_ours else "has no card of an export"
    with pytest.raises(UsageError, match=f"also writes x.onnx, but that file {said}"):
        export(engine_at(tmp_path / "x.engine"))
    assert os.listdir(tmp_path) == ["x.onnx"]
    assert (tmp_path / "x.onnx").read_bytes() == content


def test_timings_are_kept_by_library_version_and_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    trt = pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    path = to_tensorrt.timing_cache_of(trt, Options(capabilities=(86, 89)))
    assert path == Path(
        f"/somewhere/edgehuman/timing-tensorrt_rtx-{trt.__version__}-sm86-sm89.cache"
    )


def test_an_engine_of_the_graph_beside_it_takes_nothing_s_place(tmp_path: Path, card: Card) -> None:
    (tmp_path / "x.onnx").write_bytes(b"graph")
    assert to_tensorrt.require_place(tmp_path / "x.engine", card, onnx=b"graph") == []
