"""Which step a command takes: by the record of the model in its words, read from its card alone."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.card import InputSpec, sealed_metadata
from edgehuman.catalogue import NETWORKS, RECORDS, Action, Record
from edgehuman.cli import main
from edgehuman.errors import ArtefactError, CheckpointError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.runtime.engine.build_on_device import UNSEALED, sealed
from edgehuman.runtime.run import find_step, record_of
from tests import leaving
from tests.runtime.conftest import MakeModel, tiny_card
from tests.runtime.image_models import write_image_model
from tests.runtime.photos import flag, photo

IMU, SKELETON, PHOTOS = (
    RECORDS[name].run for name in ("ImuWindow", "SkeletonSequence", "PersonCrop")
)


def checkpoint(folder: Path, header: object, cut: int = 0) -> Path:
    """A folder whose weights begin with this header, as safetensors writes it; `cut` bytes less."""
    text = json.dumps(header).encode()
    folder.mkdir()
    content = len(text).to_bytes(8, "little") + text
    (folder / "model.safetensors").write_bytes(content[: len(content) - cut])
    return folder


def side_file(path: Path, **changes: Any) -> Path:
    """The side file of an engine; the engine itself is not needed to know what it reads."""
    about: dict[str, Any] = dict.fromkeys(
        ("library", "version", "platform", "onnx_sha256", "engine_sha256"), "x"
    )
    table = {"engine": {**about, "built_for": [86], "options": {}}}
    table["card"] = json.loads(tiny_card().to_json())
    text = json.dumps({**table, **changes, "seal": UNSEALED})
    path.with_name(f"{path.name}.json").write_bytes(sealed(text.encode()))
    return path


@pytest.mark.parametrize("name", ["imuvit_512x5", "gaitptv2_deep_1", "tinyvit_5m"])
def test_a_catalogue_name_is_asked_of_the_catalogue(name: str) -> None:
    assert record_of(name) == NETWORKS[name].input


def test_a_file_is_asked_for_its_card(tiny: Path, nose: Path, tmp_path: Path) -> None:
    assert record_of(str(tiny)) == "ImuWindow"
    assert record_of(str(nose)) == "SkeletonSequence"
    assert record_of(str(write_image_model(tmp_path, "reid"))) == "PersonCrop"
    assert record_of("zoo:gait-skeleton") == "SkeletonSequence"


def test_an_engine_is_asked_for_its_side_file_or_the_onnx_beside_it(
    nose: Path, tmp_path: Path
) -> None:
    assert record_of(str(side_file(tmp_path / "a.engine"))) == "ImuWindow"
    assert record_of(str(tmp_path / "a.onnx")) == "ImuWindow"  # `--engine tensorrt` takes the other
    assert record_of(str(nose.with_suffix(".engine"))) == "SkeletonSequence"
    broken = side_file(nose.with_suffix(".engine"), engine=3)
    assert record_of(str(broken)) == "SkeletonSequence"


def test_a_checkpoint_is_read_without_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("torch", "safetensors"):
        monkeypatch.setitem(sys.modules, name, None)
    header = {"__metadata__": sealed_metadata(tiny_card())}
    assert record_of(str(checkpoint(tmp_path / "run", header))) == "ImuWindow"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda at: checkpoint(at, {}, cut=1), r"model\.safetensors: damaged"),
        (lambda at: checkpoint(at, {"__metadata__": {}}), "has no edgehuman card"),
        (lambda at: checkpoint(at, []), "has no edgehuman card"),
    ],
)
def test_a_broken_checkpoint_is_said(
    make: Callable[[Path], Path], said: str, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match=said):
        record_of(str(make(tmp_path / "run")))


def test_a_header_longer_than_any_is_damaged_and_not_read(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "run", {}) / "model.safetensors"
    path.write_bytes(b"\xff" * 64)
    with pytest.raises(CheckpointError, match="damaged"):
        record_of(str(tmp_path / "run"))


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("zoo:activty", UsageError, "unknown model 'zoo:activty'. Did you mean 'zoo:activity'"),
        ("imuvit_512x6", UsageError, "unknown model 'imuvit_512x6'. Did you mean 'imuvit_512x5'"),
        ("no/such.onnx", ArtefactError, "no such file; give the path of an .onnx file"),
        ("no/such.engine", ArtefactError, "no such file; give the path of an .engine file"),
        (__file__, ArtefactError, r"unknown model format '\.py'"),
        (str(Path(__file__).parent), ArtefactError, "holds no checkpoint"),
    ],
)
def test_what_is_no_model_is_refused(name: str, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        record_of(name)


def test_a_truncated_file_is_refused(tiny: Path) -> None:
    tiny.write_bytes(tiny.read_bytes()[:100])
    with pytest.raises(ArtefactError, match="is not a complete ONNX file"):
        record_of(str(tiny))


@pytest.mark.parametrize(
    "words",
    [
        "MODEL --source walk.csv",
        "--source walk.csv MODEL",
        "--source=walk.csv MODEL --json",
        "--json MODEL --source -",
        "--source - --hop-s 0.5 MODEL",
        "--realtime MODEL --source walk.csv",
        "--no-realtime MODEL",
        "--threshold -1 --rebuild MODEL",
        "--help MODEL",
        "-h MODEL",
        "--recipe words.toml MODEL",
    ],
)
def test_the_model_is_found_among_the_words(words: str, tiny: Path) -> None:
    assert find_step("run", [str(tiny) if w == "MODEL" else w for w in words.split()], {}) is IMU


def test_the_model_may_stand_in_the_recipe(tiny: Path, nose: Path) -> None:
    assert find_step("run", ["--source", "x.csv"], {"model": str(tiny)}) is IMU
    assert find_step("run", [str(nose), "--source", "x"], {"model": str(tiny)}) is SKELETON
    assert find_step("run", ["--save", str(nose)], {"model": str(tiny)}) is IMU


def test_no_model_is_none_and_a_broken_one_behind_a_switch_is_said(tiny: Path) -> None:
    for words in ([], ["--help"], ["--source", "walk.csv"], ["--save", str(tiny)]):
        assert find_step("run", words, {}) is None
    with pytest.raises(UsageError, match="unknown model 'zoo:activty'"):
        find_step("run", ["--realtime", "zoo:activty", "--source", "x"], {})


def test_a_record_without_the_step_names_those_with_one(make_model: MakeModel) -> None:
    path = make_model(card=tiny_card(input=InputSpec("Frame", (128, 6), "float32", "", 50.0)))
    with pytest.raises(UsageError, match="Frame does not support 'enroll'; records that do: Skel"):
        find_step("enroll", [str(path)], {})


@dataclass(frozen=True)
class WordsConfig:
    """A record of this test alone: the words of a text."""

    model: Positional[str]
    text: str = ""
    """What is said."""
    loud: bool = False
    """Say it loudly."""


def run_words(config: WordsConfig) -> Outcome:
    """Says the text."""
    text = config.text.upper() if config.loud else config.text
    return Outcome({"text": text}, text)


def test_a_new_record_is_one_row(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_model(card=tiny_card(input=InputSpec("Words", (128, 6), "float32", "", 50.0)))
    assert main(["run", str(path), "--text", "one"]) == 2
    assert "unknown record 'Words'" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, __name__, sys.modules[run_words.__module__])
    words = Action(f"{__name__}:WordsConfig", f"{__name__}:run_words", "edgehuman run w.onnx")
    table = {**RECORDS, "Words": Record("words", run=words, enroll=words, identify=words)}
    monkeypatch.setattr(catalogue, "RECORDS", table)
    assert main(["run", "--loud", str(path), "--text", "one two"]) == 0
    assert capsys.readouterr().out == "ONE TWO\n"
    assert main(["run", str(path), "--text", "one", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"random_weights": False, "text": "one"}
    assert main(["run", "--help"]) == 0
    assert re.search(r"Words +edgehuman run w\.onnx", capsys.readouterr().out)
    for command in ("enroll", "identify"):
        assert main(["gallery", command, str(path), "--text", command]) == 0
        assert capsys.readouterr().out == f"{command}\n"
        assert main(["gallery", command, "--help"]) == 0
        assert f"usage: edgehuman gallery {command} MODEL" in capsys.readouterr().out
        assert main(["gallery", command, "--text", "one"]) == 2
        assert f"edgehuman gallery {command} needs a model" in capsys.readouterr().err
    assert main(["run", str(path), "--hop-s", "1"]) == 2


LOADED = """
import json, sys
from edgehuman.cli import main
code = main(sys.argv[1:])
print(json.dumps([code, [name for name in sys.modules if name.startswith("edgehuman.")]]))
"""


@pytest.mark.parametrize("kind", ["imu", "skeleton", "image"])
def test_a_run_loads_no_other_record(kind: str, tiny: Path, nose: Path, tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "a.png", flag())
    csv = tmp_path / "walk.csv"
    rows = (f"{k / 50},{k % 3 / 100},1,0,0.1,0,{k % 7 / 10}" for k in range(300))
    csv.write_text("\n".join(["t,ax,ay,az,gx,gy,gz", *rows]))
    words = {
        "imu": ["zoo:activity", "--source", csv],
        "skeleton": [
            nose,
            "--source",
            nose.with_name("door.jsonl"),
            "--gallery",
            nose.with_name("g.npz"),
        ],
        "image": [write_image_model(tmp_path, "parsing"), "--source", tmp_path / "photos"],
    }[kind]
    command = [sys.executable, "-c", LOADED, "run", *map(str, words)]
    done = leaving.run(command, capture_output=True, text=True, check=True)
    code, names = json.loads(done.stdout.splitlines()[-1])
    loaded = {part for name in names for part in name.split(".")}
    assert code == 0, done.stderr
    # The flags of gait's two records stand in one file.
    own = {kind, "silhouette"} if kind == "skeleton" else {kind}
    assert loaded & {"imu", "skeleton", "silhouette", "image"} == own
