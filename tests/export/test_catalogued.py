"""A name of the catalogue stands for a model wherever one is asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import edgehuman
from edgehuman.cli import main
from edgehuman.errors import UsageError
from edgehuman.export import networks
from edgehuman.export.catalogued import export_random, load, taking_names
from edgehuman.export.graph.trace import weights_sha256
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.model import Model
from edgehuman.runtime.model import load as load_file
from tests import leaving

pytestmark = pytest.mark.usefixtures("traces")


def test_catalogue_names_have_seeded_weights_and_say_so(made_data: None, tmp_path: Path) -> None:
    path = export_random("imuvit_512x5", 5, tmp_path)
    found = read_card(path)
    assert path == tmp_path / "imuvit_512x5.onnx"
    assert found.weights_sha256 == weights_sha256(networks.random_network("imuvit_512x5", 5)[0])
    assert found.weights_sha256 != weights_sha256(networks.random_network("imuvit_512x5", 6)[0])
    assert "untrained" in found.recipe
    assert found.random_weights


def test_a_name_is_a_model_and_leaves_no_file(
    made_data: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model = edgehuman.load("imuconv_288k", seed=3)
    assert (model.name, model.card.arch) == ("imuconv_288k", "imuconv_288k")
    assert model.predict(np.zeros((1, 128, 6), np.float32)).shape == (1, 6)
    assert [*tmp_path.iterdir()] == []
    stream = edgehuman.stream("imuconv_288k", "simulated", seconds=4)
    assert len(list(stream)) > 0


def test_a_function_takes_names_only_where_it_was_made_to(made_data: None) -> None:
    def open_named(name: str, *, threads: int) -> Model:
        return load_file(name, threads=threads)

    assert taking_names(open_named)("imuconv_288k", threads=1).name == "imuconv_288k"
    with pytest.raises(UsageError, match="imuconv_288k is a network without weights"):
        open_named("imuconv_288k", threads=1)
    assert load("zoo:activity").name == "zoo:activity"


def test_the_command_line_takes_names(made_data: None, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["imuconv_288k", "--source", "simulated", "--seconds", "4", "--json"]
    assert main(["run", *words]) == 0
    assert "label" in json.loads(capsys.readouterr().out.splitlines()[0])
    assert main(["evaluate", "imuconv_288k", "--split", "all", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["model"], said["random_weights"]) == ("imuconv_288k", True)


@pytest.mark.parametrize("missing", ["torch", "onnx"])
def test_without_the_training_half_a_name_points_to_the_export(missing: str) -> None:
    code = (
        "import sys\n"
        "class Gone:\n"
        "    def find_spec(self, name, *rest):\n"
        f"        if name == {missing!r}:\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Gone())\n"
        "from edgehuman.cli import main\n"
        "from edgehuman.export.catalogued import load\n"
        "from edgehuman.errors import MissingDependencyError\n"
        "try: load('imuvit_512x5')\n"
        "except MissingDependencyError as error: print(error)\n"
        "sys.exit(main(['run', 'imuvit_512x5', '--source', 'simulated']))\n"
    )
    done = leaving.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    for said in (done.stdout, done.stderr):
        assert f"building it needs {missing}, which is not installed here" in said
        assert "run `edgehuman export imuvit_512x5 --out imuvit_512x5.onnx`" in said
