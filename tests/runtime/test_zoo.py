"""Names of models: those of the installation, and what is said of a name that no model has."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.cli import main
from edgehuman.errors import UsageError
from edgehuman.runtime.zoo import FETCHED, cached, file_of, how_to_get, zoo_file, zoo_names

NO_MODEL = (
    ["info"],
    ["run", "--source", "simulated"],
    ["evaluate", "--data", "x.npz"],
    ["bench"],
    ["gallery", "enroll", "--source", "a.jsonl", "--name", "ANNA", "--gallery", "k.npz"],
)


def test_a_name_of_the_zoo_is_a_file() -> None:
    assert "zoo:activity" in zoo_names()
    assert zoo_file("zoo:activity").is_file()
    assert file_of("zoo:activity") == zoo_file("zoo:activity")


@pytest.mark.parametrize("name", ["runs/a.onnx", "a.onnx", "runs/a", "a.engine"])
def test_a_path_stays_a_path(name: str) -> None:
    assert file_of(name) == Path(name)


def test_a_folder_of_one_word_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "probe").mkdir()
    assert file_of("probe") == Path("probe")


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_no_model(name: str) -> None:
    with pytest.raises(UsageError, match="give zoo:NAME or the path"):
        file_of(name)


@pytest.mark.parametrize("command", NO_MODEL, ids=lambda words: " ".join(words[:2]))
@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("nothing", ""),
        ("activity", " Did you mean 'zoo:activity'?"),
        ("zoo:activty", " Did you mean 'zoo:activity'?"),
        ("gaitformer_8", " Did you mean 'gaitformer_7'?"),
    ],
)
def test_a_name_that_no_model_has_lists_those_there_are(
    command: list[str], name: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = 2 if command[0] == "gallery" else 1
    assert main([*command[:place], name, *command[place:]]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"edgehuman: unknown model {name!r}.{near} A model is")
    assert all(each in said for each in zoo_names())
    assert "`edgehuman models`" in said
    assert len(said.splitlines()) == 1


def test_a_model_that_can_be_fetched_says_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, wanted = next(iter(FETCHED.items()))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cached(name).is_relative_to(tmp_path)
    assert wanted.sha256[:12] in cached(name).name
    assert how_to_get(name).endswith(f"run: edgehuman zoo get {name}")
