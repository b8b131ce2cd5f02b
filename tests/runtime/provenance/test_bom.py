"""The bill of materials: the card's facts where CycloneDX 1.6 wants them, and nothing invented."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman.card import Ancestor, Card, Metric, TrainingData, sha256_of_file
from edgehuman.cli import main
from edgehuman.outcome import to_json
from edgehuman.runtime.provenance.bom import bill
from edgehuman.runtime.zoo import zoo_names
from tests.runtime.conftest import tiny_card

CARD = tiny_card(
    data=(
        TrainingData("walks", "training", "CC BY 4.0", "https://example.org/w", 10, 3),
        TrainingData("strolls", "teacher", "for research only", "ask us", 5, 0),
        TrainingData("simulated", "training", "CC BY 4.0", "", 7, 2, simulated=True),
    ),
    metrics=(Metric("macro_f1", 0.96, "UCI-HAR, test people"), Metric("nan", float("nan"), "x")),
    teachers=(Ancestor("runs/large", "big", 0, "d" * 64, ("kd=1",)),),
    weights_sha256="ab" * 32,
    commit="1234567",
    recipe="finetune --task activity",
)
FILES = {"tiny.onnx": "0" * 64}


def refused_by_the_schema(text: str) -> Any:
    """What the standard's own schema says against a bill; None: nothing."""
    reason = "pip install 'cyclonedx-python-lib[json-validation]'"
    schema = pytest.importorskip("cyclonedx.schema", reason=reason)
    validation = pytest.importorskip("cyclonedx.validation.json", reason=reason)
    return validation.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(text)


def test_the_standard_s_schema_takes_it() -> None:
    assert refused_by_the_schema(to_json(bill(CARD, FILES))) is None
    bare = Card("n", "", "", 0, 0, CARD.input, CARD.output)
    assert refused_by_the_schema(to_json(bill(bare, {}))) is None


@pytest.mark.parametrize("name", zoo_names())
def test_the_schema_takes_the_models_that_ship(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["info", name, "--bom", "--json"]) == 0
    assert refused_by_the_schema(capsys.readouterr().out) is None


def test_every_fact_stands_in_its_place() -> None:
    table = bill(CARD, FILES)
    assert (table["bomFormat"], table["specVersion"]) == ("CycloneDX", "1.6")
    model = table["metadata"]["component"]
    assert (model["type"], model["name"]) == ("machine-learning-model", "tiny")
    assert model["hashes"] == [{"alg": "SHA-256", "content": "0" * 64}]
    # Each licence of its lineage once, by its SPDX name where it has one.
    assert model["licenses"] == [
        {"license": {"id": "CC-BY-4.0"}},
        {"license": {"name": "for research only"}},
    ]
    parameters = model["modelCard"]["modelParameters"]
    assert (parameters["task"], parameters["modelArchitecture"]) == ("activity", "mean")
    assert parameters["inputs"][0]["format"].startswith("ImuWindow: float32 128 x 6, 50 Hz")
    assert parameters["outputs"] == [{"format": "classes: walking, sitting, laying"}]
    assert [each["ref"] for each in parameters["datasets"]] == ["data:0", "data:1", "data:2"]
    metrics = model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert metrics[0] == {"type": "macro_f1", "value": "0.96", "slice": "UCI-HAR, test people"}
    limits = model["modelCard"]["considerations"]["technicalLimitations"]
    assert limits[0] == "some of its data are simulated people"
    assert limits[1].startswith("commercial use is forbidden: strolls")
    assert model["pedigree"]["commits"] == [{"uid": "1234567"}]
    assert model["pedigree"]["ancestors"][0]["name"] == "runs/large"
    refs = [each["bom-ref"] for each in table["components"]]
    assert refs == ["data:0", "data:1", "data:2", "teacher:0"]
    assert table["dependencies"][0] == {"ref": "model", "dependsOn": refs}
    # "ask us" is no address.
    assert "externalReferences" not in table["components"][1]


def test_it_is_json_and_the_same_files_give_the_same_bytes() -> None:
    once = to_json(bill(CARD, FILES))
    assert once == to_json(bill(CARD, FILES)) != to_json(bill(CARD, {"tiny.onnx": "1" * 64}))

    def refuse(word: str) -> None:
        raise AssertionError(word)

    json.loads(once, parse_constant=refuse)  # a NaN is none


def test_the_command_writes_a_file_whole_and_replaces_no_model(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tiny.cdx.json"
    assert main(["info", str(tiny), "--bom", "--out", str(out)]) == 0
    component = json.loads(out.read_text())["metadata"]["component"]
    assert component["hashes"][0]["content"] == sha256_of_file(tiny)
    before = tiny.read_bytes()
    assert main(["info", str(tiny), "--bom", "--out", str(tiny)]) == 2
    assert tiny.read_bytes() == before
    for words in ([str(tiny), "--out", str(out)], ["imuvit_512x5", "--bom"]):
        assert main(["info", *words]) == 2
    capsys.readouterr()
