"""The command line: words to a config to one function; results on stdout, wrong words on stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgehuman import __version__, catalogue, cli
from edgehuman.cli import COMMANDS, Command, main
from edgehuman.errors import DataError, UsageError
from edgehuman.outcome import Outcome
from tests import leaving


@dataclass(frozen=True)
class ToyConfig:
    """A toy."""

    count: int = 1
    """How many."""
    mode: str = "ok"
    """What happens."""


@dataclass(frozen=True)
class OwnJsonConfig:
    """A toy that prints its own lines."""

    json: bool = False
    """One object a line."""


def toy(config: ToyConfig) -> Outcome:
    """What the toy command does."""
    if config.mode == "data":
        raise DataError("found nothing; there must be something: bring it")
    if config.mode == "missing":
        raise ModuleNotFoundError("No module named 'torch'", name="torch")
    if config.mode == "bug":
        raise ModuleNotFoundError("No module named 'edgehuman.x'", name="edgehuman.x")
    if config.mode == "stop":
        raise KeyboardInterrupt
    return Outcome({"count": config.count}, f"count {config.count}", int(config.mode == "failed"))


def own_json(config: OwnJsonConfig) -> Outcome:
    """A command whose config has `json` itself."""
    print("one" if config.json else "many")
    return Outcome({"json": config.json}, "")


def run(words: Sequence[str], module: str = "edgehuman.cli") -> subprocess.CompletedProcess[str]:
    return leaving.run(
        [sys.executable, "-m", module, *words], capture_output=True, text=True, check=False
    )


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    here = __name__
    monkeypatch.setitem(sys.modules, here, sys.modules.get(here, sys.modules[toy.__module__]))
    table = {
        "toy": Command(f"{here}:ToyConfig", f"{here}:toy", "a toy", "edgehuman toy --count 2"),
        "toy two": Command(f"{here}:ToyConfig", f"{here}:toy", "another", "edgehuman toy two"),
        "pair one": Command(f"{here}:ToyConfig", f"{here}:toy", "half", "edgehuman pair one"),
        "lines": Command(f"{here}:OwnJsonConfig", f"{here}:own_json", "lines", "edgehuman lines"),
    }
    monkeypatch.setattr(cli, "COMMANDS", table)


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_lists_every_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    said = capsys.readouterr().out
    for name, row in COMMANDS.items():
        assert f"  {name} " in said
        assert row.summary in said


def test_the_commands_that_are_promised_are_there() -> None:
    tops = {name.split()[0] for name in COMMANDS}
    assert tops >= {"demo", "models", "data", "pretrain", "finetune"}
    assert tops >= {"evaluate", "export", "bench", "run", "doctor"}


def test_every_example_begins_with_its_command() -> None:
    for name, row in COMMANDS.items():
        assert row.example.startswith(f"edgehuman {name}")
    for step in ("run", "evaluate"):
        for action in catalogue.served(step).values():
            assert action.example.startswith(f"edgehuman {step} ")


@pytest.mark.usefixtures("toys")
def test_text_for_people_and_one_object_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["toy", "--count", "3"]) == 0
    assert capsys.readouterr().out == "count 3\n"
    assert main(["toy", "--json", "--count", "3"]) == 0
    assert json.loads(capsys.readouterr().out) == {"count": 3}


@pytest.mark.usefixtures("toys")
def test_two_words_win_over_one(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["toy", "two"], ["toy"]):
        assert main([*words, "--help"]) == 0
        assert f"edgehuman {' '.join(words)} " in capsys.readouterr().out
    assert main(["toy", "two", "--count", "2"]) == 0
    assert capsys.readouterr().out == "count 2\n"


@pytest.mark.usefixtures("toys")
def test_a_command_with_its_own_json_flag_prints_by_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["lines", "--json"]) == 0
    assert capsys.readouterr().out == "one\n"


@pytest.mark.usefixtures("toys")
def test_a_recipe_and_a_flag_over_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "toy.toml"
    recipe.write_text("count = 7\n", encoding="utf-8")
    for words in (["--recipe", str(recipe)], [f"--recipe={recipe}"]):
        assert main(["toy", *words]) == 0
        assert main(["toy", *words, "--count", "8"]) == 0
        assert capsys.readouterr().out == "count 7\ncount 8\n"


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["tyo"], 2, "unknown command 'tyo'. Did you mean 'toy'? Valid names: toy, pair, lines"),
        (["pair"], 2, "it is missing: pair one"),
        (["pair", "two"], 2, "'two' is not one: pair one"),
        (["toy", "--recipe"], 2, "--recipe needs a value"),
        (["toy", "--recipe", "nowhere.toml"], 2, "nowhere.toml: no such file"),
        (["toy", "--mode", "data"], 1, "edgehuman: found nothing; there must be"),
        (["toy", "--mode", "missing"], 1, "the extra `train` brings it; run: pip install"),
        (["toy", "--mode", "failed"], 1, ""),
        (["toy", "--mode", "stop"], 130, "stopped"),
    ],
)
def test_what_goes_wrong_is_one_line_and_an_exit_code(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == code
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert len(captured.err.splitlines()) <= 1


@pytest.mark.usefixtures("toys")
def test_an_unknown_recipe_key_lists_the_valid_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "toy.toml"
    recipe.write_text("cuont = 7\n", encoding="utf-8")
    assert main(["toy", "--recipe", str(recipe)]) == 2
    said = capsys.readouterr().err
    assert "unknown key 'cuont'; did you mean 'count'?" in said
    assert "Valid keys: count, mode" in said


@pytest.mark.usefixtures("toys")
def test_an_unknown_flag_leaves_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["toy", "--cuont", "2"]) == 2
    assert "--cuont" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["-V", "junk"], ["--version", "--json"], ["-V", "-V"], ["--version", "run"]]
)
def test_the_version_stands_alone(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"edgehuman: {words[0]} stands alone; {words[1]!r} is one word too many\n"


@pytest.mark.usefixtures("toys")
def test_help_of_a_command_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["toy", "--help"]) == 0
    said = capsys.readouterr().out
    assert "example:\n  edgehuman toy --count 2" in said
    assert "--count" in said


@pytest.mark.usefixtures("toys")
def test_a_missing_module_of_our_own_is_a_bug_and_stays_one() -> None:
    with pytest.raises(ModuleNotFoundError):
        main(["toy", "--mode", "bug"])


@pytest.mark.parametrize(
    ("words", "config"),
    [
        (["--arch", "imuvit_512x5"], "MaeConfig"),
        (["--arch=imuvit_512x5"], "MaeConfig"),
        (["--method", "mae"], "MaeConfig"),
        ([], "MaeConfig"),
    ],
)
def test_pretrain_picks_its_config_from_the_words(words: list[str], config: str) -> None:
    row = COMMANDS["pretrain"]
    assert isinstance(row, cli.ChoiceCommand)
    assert row.choose(words)[0].endswith(f":{config}")


@pytest.mark.parametrize(
    ("command", "words", "said"),
    [
        ("pretrain", ["--arch", "imuvit_512x6"], "unknown network 'imuvit_512x6'. Did you mean"),
        ("pretrain", ["--method", "mea"], "unknown method 'mea'. Did you mean 'mae'"),
        ("finetune", ["--task", "gate"], "unknown task 'gate'"),
    ],
)
def test_a_wrong_choice_names_the_valid_ones(command: str, words: list[str], said: str) -> None:
    row = COMMANDS[command]
    assert isinstance(row, cli.ChoiceCommand)
    with pytest.raises(UsageError, match=said):
        row.choose(words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["zoo:activity"], "is already exported; --format tensorrt builds"),
        (["--explain", "runs/x.onnx", "--format", "tensorrt"], "runs/x.onnx: no such file"),
        (["nowhere/at/all", "--out", "x.onnx"], "nowhere/at/all: no such folder; give a"),
    ],
)
def test_export_is_of_a_finished_file_or_of_a_checkpoint(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    assert main(["export", *words]) in (1, 2)
    assert said in capsys.readouterr().err


def test_the_choice_may_stand_in_the_recipe(tmp_path: Path) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text('task = "gate"\n', encoding="utf-8")
    row = COMMANDS["finetune"]
    assert isinstance(row, cli.ChoiceCommand)
    with pytest.raises(UsageError, match="unknown task 'gate'"):
        row.choose(["--recipe", str(recipe)])


@pytest.mark.parametrize("step", ["run", "evaluate"])
def test_help_without_a_model_says_what_chooses_the_flags(
    step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([step, "--help"]) == 0
    said = capsys.readouterr().out
    assert f"`edgehuman {step} MODEL --help` shows" in " ".join(said.split())
    for record, action in catalogue.served(step).items():
        assert f"  {record} " in said
        assert action.example in said


@pytest.mark.parametrize("words", [["run"], ["run", "--source", "x.csv"], ["evaluate", "--json"]])
def test_a_model_has_to_be_named(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert (said.out, f"edgehuman {words[0]} needs a model: zoo:NAME" in said.err) == ("", True)


@pytest.mark.parametrize(
    ("model", "shown", "foreign"),
    [
        ("zoo:activity", "--smoothing", "--gallery"),
        ("zoo:gait-skeleton", "--gallery", "--smoothing"),
        ("zoo:person-garments", "--save", "--smoothing"),
    ],
)
def test_the_model_chooses_the_flags(
    model: str, shown: str, foreign: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", model, "--help"]) == 0
    said = capsys.readouterr().out
    assert f"example:\n  edgehuman run {model} " in said
    assert shown in said
    assert foreign not in said
    assert main(["run", model, "--source", "x", foreign, "1"]) == 2
    assert f"unknown flag {foreign}" in capsys.readouterr().err


def test_the_model_may_stand_in_the_recipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text('model = "zoo:activity"\nsource = "nowhere.csv"\n', encoding="utf-8")
    assert main(["run", "--recipe", str(recipe)]) == 1
    assert "nowhere.csv: no such file; give the path of a .csv" in capsys.readouterr().err
    recipe.write_text('model = "zoo:activity"\ngallery = "k.npz"\n', encoding="utf-8")
    assert main(["run", "--recipe", str(recipe)]) == 2
    assert "unknown key 'gallery'" in capsys.readouterr().err


def test_results_go_to_stdout_and_complaints_to_stderr() -> None:
    good = run(["models", "--json"])
    assert good.returncode == 0
    assert good.stderr == ""
    assert json.loads(good.stdout)
    bad = run(["modles"])
    assert bad.returncode == 2
    assert bad.stdout == ""
    assert "Did you mean 'models'" in bad.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--version"], 0),
        (["models", "--family", "gait"], 2),
        (["data", "check", "nowhere"], 1),
        (["modles"], 2),
    ],
)
def test_the_package_runs_as_a_module(words: list[str], code: int) -> None:
    """`python -m edgehuman` says what the command says, and leaves with the same exit code."""
    done, same = run(words, "edgehuman"), run(words)
    assert (done.returncode, done.stdout, done.stderr) == (code, same.stdout, same.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("words", ["--help", "models"])
def test_a_reader_that_closes_the_pipe_early_is_no_traceback(words: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = leaving.run(
            [sys.executable, "-m", "edgehuman.cli", words],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)
    assert done.stderr == ""


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_the_first_word_of_two_has_help(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", flag]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines][:4] == ["enroll", "identify", "list", "forget"]
    assert main(["nothing", flag]) == 2


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_the_version_by_either_flag(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([flag]) == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ([], ["--help"]),
        (["--help"], ["--help"]),
        (["run"], ["run", "--help"]),
        (["finetune", "--task", "pose"], ["finetune", "--task", "pose", "--help"]),
        (["data", "check"], ["data", "check", "--help"]),
        (["gallery"], ["gallery", "--help"]),
    ],
)
def test_help_is_a_command_too(
    words: list[str], same: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(same) == 0
    said = capsys.readouterr().out
    for asked in ("help", "--help", "-h"):
        assert main([asked, *words]) == 0
        assert said == capsys.readouterr().out


def test_help_of_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "modles"]) == 2
    assert "Did you mean 'models'" in capsys.readouterr().err


def test_an_error_brings_no_control_character_to_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["info", "nowhere\x1b[31m\r.onnx"]) != 0
    said = capsys.readouterr().err
    assert "nowhere?[31m?.onnx" in said
    assert not {"\x1b", "\r"} & set(said)
