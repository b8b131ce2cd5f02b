"""The pages of `--help`: what is shown, in which order, how wide; none needs torch."""

from __future__ import annotations

import json
import re
import sys

import pytest

from edgehuman import catalogue, cli
from edgehuman.flags.page import Choices, family, first_sentence, overview, page
from edgehuman.runtime.zoo import FETCHED, ZOO, zoo_names
from tests import leaving
from tests.flags.test_fields import Made, Told

# Everything that only training, pictures or engines need.
ABSENT = (
    *("torch", "onnx", "onnxscript", "safetensors", "sklearn", "tomli_w", "webdataset"),
    *("pycocotools", "matplotlib", "tensorrt", "tensorrt_rtx", "torch_tensorrt", "cuda"),
)
# How Python or a parser writes types, which no user types.
UGLY = re.compile(
    r"\{None|None\}|None\||\|None|\[\[|\[STR|\(default: None\)|\(default: \)|typing\."
)
WALK = """
import contextlib, io, json, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from edgehuman.cli import main
pages = {{}}
for words in json.loads(sys.argv[1]):
    said, complaint = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complaint):
        code = main([*words, "--help"])
    pages[" ".join(words)] = [code, said.getvalue(), complaint.getvalue()]
print(json.dumps(pages))
"""


def every_command() -> list[list[str]]:
    """The words of every page: each command, each choice of a method, task, kind or model."""
    words: list[list[str]] = [[]]
    for name, row in cli.COMMANDS.items():
        words.append(name.split())
        if isinstance(row, cli.ChoiceCommand):
            values = {value.partition(" (")[0] for value in row.rows()}
            words += [[*name.split(), f"--{row.flag}", value] for value in sorted(values)]
        elif isinstance(row, cli.ModelCommand):
            actions = catalogue.served(row.step).values()
            found = [action.example.split()[1 : 2 + len(name.split())] for action in actions]
            words += [each for each in found if is_known(each[-1])]
    families = {name.split()[0] for name in cli.COMMANDS if " " in name}
    return [*words, *([first] for first in sorted(families))]


def is_known(model: str) -> bool:
    """Whether the model of an example is in this installation, or can be fetched."""
    return model in zoo_names() or model.removeprefix(ZOO) in FETCHED or ZOO not in model


def pages_without(
    absent: tuple[str, ...], commands: list[list[str]]
) -> dict[str, tuple[int, str, str]]:
    """Command -> exit code, page and complaint, in a Python without these modules."""
    code = WALK.format(absent=absent)
    done = leaving.run(
        [sys.executable, "-c", code, json.dumps(commands)],
        capture_output=True,
        text=True,
        check=True,
    )
    return {words: tuple(found) for words, found in json.loads(done.stdout).items()}


@pytest.fixture(scope="module")
def pages() -> dict[str, tuple[int, str, str]]:
    return pages_without(ABSENT, every_command())


def test_a_small_device_has_the_pages_that_it_needs() -> None:
    absent = (*ABSENT, "cv2", "scipy", "onnxruntime", "tqdm")
    commands = [["run", "zoo:activity"], ["data", "simulate"], ["finetune"], ["pretrain"], ["info"]]
    found = pages_without(absent, commands)
    assert {words: page for words, page in found.items() if page[0] or page[2]} == {}
    assert "people                  Needs cv2, which is not installed." in found["data simulate"][1]


@pytest.mark.slow
def test_every_page_is_there_without_torch(pages: dict[str, tuple[int, str, str]]) -> None:
    broken = {words: found for words, found in pages.items() if found[0] or found[2]}
    assert broken == {}
    assert len(pages) > 35
    for words, (_, said, _) in pages.items():
        if words and words not in ("data", "gallery", "keys", "scale", "zoo"):
            assert "usage: edgehuman" in said, words
            assert re.search(r"example|An example for each record", said), words


def test_no_page_shows_types_as_python_writes_them(
    pages: dict[str, tuple[int, str, str]],
) -> None:
    assert UGLY.search("--weights {None}|PATH")
    assert UGLY.search("[[STR [STR ...]]]")
    found = {
        words: [each[0] for each in UGLY.finditer(said)] for words, (_, said, _) in pages.items()
    }
    assert {words: ugly for words, ugly in found.items() if ugly} == {}


@pytest.mark.parametrize(
    ("command", "table"), [("pretrain", catalogue.METHODS), ("finetune", catalogue.TASKS)]
)
def test_the_choices_are_listed_each_with_an_example(
    command: str, table: dict[str, catalogue.Method], pages: dict[str, tuple[int, str, str]]
) -> None:
    for words in (command, *(f"{command} --{_flag(command)} {name}" for name in table)):
        said = pages[words][1]
        listed, examples = said.split("needed:")[0], said.split("examples:")[1]
        for name, row in table.items():
            assert f"  {name} " in listed
            assert row.example in examples
            assert row.example.startswith(f"edgehuman {command} --{_flag(command)} {name} ")
        places = [said.index(f"  --{flag} ") for flag in ("arch", "data", "out")]
        assert places == sorted(places)
        assert places[-1] < said.index("flags of --") < said.index("optimiser, schedule")


def _flag(command: str) -> str:
    row = cli.COMMANDS[command]
    assert isinstance(row, cli.ChoiceCommand)
    return row.flag


def test_a_page_says_what_is_required_and_what_holds_otherwise() -> None:
    said = page("make", "a made thing", Made, ["edgehuman make --out x"])
    assert said.startswith("A made thing.\n\nusage: edgehuman make --out PATH [FLAGS]\n")
    assert "--out PATH              Folder. (required)" in said
    assert "Its own rate. (default: 0.002)" in said
    assert said.endswith("example:\n  edgehuman make --out x")


def test_a_default_is_not_said_twice() -> None:
    said = page("make", "a made thing", Told, ["edgehuman make m"])
    assert "MODEL                   zoo:NAME, or a path. (required)" in said
    assert said.count("(default: 1)") == 1


def test_the_choices_stand_before_the_flags() -> None:
    choices = Choices("kind", {"a": "First.", "b": "Second."}, "b", False)
    said = page("make", "a made thing", Made, ["one", "two"], choices)
    assert "usage: edgehuman make --kind b --out PATH [FLAGS]" in said
    assert said.index("  a   ") < said.index("without --kind, and below: b") < said.index("needed:")
    assert "flags of --kind b:" in said
    assert "--kind {a,b}" not in said


@pytest.mark.parametrize(("columns", "widest"), [(40, 60), (80, 80), (300, 100)])
def test_a_page_fits_the_terminal(
    columns: int, widest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    config = catalogue.load_object(catalogue.METHODS["saip"].config)
    lines = page("pretrain", "a summary", config, ["x"]).splitlines()
    flags = [line for line in lines if line.startswith(" " * 26)]
    assert max(map(len, flags)) <= widest
    assert max(map(len, flags)) > widest - 12


def test_the_overview_has_a_line_per_command() -> None:
    assert (
        family({"run": "a stream", "data list": "sets"})
        == "  run        a stream\n  data list  sets"
    )
    assert "  run  a stream" in overview({"run": "a stream"})
    assert first_sentence(Made) == "A made config."
