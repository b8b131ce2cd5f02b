"""Every error a user can cause has one root, a place in the drawn tree, and an exit code."""

from __future__ import annotations

import errno
import json
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

from edgehuman import errors
from edgehuman.card import CARD_KEY, OutputSpec
from edgehuman.cli import main
from edgehuman.errors import printable, safe_name, saying_unreachable
from edgehuman.runtime.engine.onnx_file import sealed
from tests.runtime.conftest import tiny_card, tiny_graph
from tests.whole.house import SOURCES, lines_of, require_none

ALL: list[type[errors.EdgehumanError]] = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and kind.__module__ == errors.__name__
]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_each_has_the_root_and_is_drawn(kind: type[Exception]) -> None:
    assert issubclass(kind, errors.EdgehumanError)
    assert errors.__doc__ is not None
    assert kind.__name__ in errors.__doc__
    assert kind.__doc__


def test_wrong_words_leave_with_2_and_the_rest_with_1() -> None:
    codes = {kind.__name__: kind.exit_code for kind in ALL}
    assert codes.pop("UsageError") == 2
    assert set(codes.values()) == {1}


@pytest.mark.parametrize(
    "kind", [errors.UsageError, errors.DataError, errors.ArtefactError, errors.CheckpointError]
)
def test_a_wrong_value_is_also_a_value_error(kind: type[Exception]) -> None:
    assert issubclass(kind, ValueError)


def test_an_engine_error_is_an_artefact_error() -> None:
    assert issubclass(errors.EngineError, errors.ArtefactError)


@pytest.mark.parametrize("obeyed", ["\x1b[31m", "\r", "\x07", "\x9b2J", "\u202e", "\u2066"])
def test_what_a_terminal_obeys_is_not_printed(obeyed: str) -> None:
    assert printable(f"AN{obeyed}NA") == f"AN?{obeyed[1:]}NA"


@pytest.mark.parametrize(
    "nothing",
    "\u00ad\u034f\u115f\u1160\u17b4\u180e\u200b\u3164\ufeff\uffa0\ufff8\U0001d173\U000e0001",
)
def test_what_shows_as_nothing_is_shown(nothing: str) -> None:
    """Two names that look alike are told apart."""
    assert printable(f"AN{nothing}NA") == "AN?NA"


@pytest.mark.parametrize(
    "text",
    [
        "Łucja Müller",
        "安娜",
        "مریم\u200cزاده",
        "a\tb\nc",
        "5 µs – ½",
        "👩\u200d🔬 ❤\ufe0f",
        "김안나",
    ],
)
def test_names_in_any_writing_stay(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    "words",
    [
        ["info", "{path}.onnx"],
        ["data", "check", "{path}"],
        ["gallery", "list", "{path}"],
        ["run", "zoo:activity", "--source", "{path}"],
        ["run", "zoo:person-garments", "--source", "{path}.jpg"],
    ],
    ids=" ".join,
)
def test_a_name_too_long_for_the_system_is_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word.format(path="x" * 300) for word in words]) == 1
    said = capsys.readouterr().err
    assert said.startswith("edgehuman: xxx")
    assert said.endswith("File name too long; give a shorter one\n")
    assert said.count("\n") == 1


def test_no_permission_is_told_and_a_fault_of_ours_is_not_taken_for_it() -> None:
    refused = PermissionError(errno.EACCES, "Permission denied", "locked/a.onnx")
    with pytest.raises(errors.DataError, match=r"^locked/a\.onnx: Permission denied; check"):
        fail_by(refused)
    for other in (OSError(errno.EBADF, "Bad"), FileNotFoundError(errno.ENOENT, "None", "a.onnx")):
        with pytest.raises(OSError, match=r"Bad|None") as found:
            fail_by(other)
        assert found.value is other


@saying_unreachable()
def fail_by(error: OSError) -> None:
    raise error


HOSTILE = "\x1b]0;owned\x07\x9b31m\r\u202eA"
LONG = HOSTILE + "y" * 10_000
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def csv_of(folder: Path, header: str, label: str = "walk") -> str:
    path = folder / "w.csv"
    rows = [f"{n / 50:.2f},0,0,1,0.01,{n % 5 / 50},{n % 7 / 50},{label}" for n in range(200)]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8", newline="\n")
    return str(path)


def tar_of(folder: Path) -> str:
    with tarfile.open(folder / "s-000000.tar", "w") as tar:
        member = tarfile.TarInfo(f"{HOSTILE}{'y' * 3000}.txt")
        tar.addfile(member)
    return str(folder)


def card_of(folder: Path, onnx_path: Path) -> str:
    model = onnx.load(onnx_path)
    card = json.loads(next(p.value for p in model.metadata_props if p.key == CARD_KEY))
    card |= {"name": LONG, "task": LONG, "recipe": f"spaced {HOSTILE} " * 900, "commit": LONG}
    card["output"]["labels"] = [f"{LONG}{k}" for k in range(3)]
    onnx.helper.set_model_props(model, {CARD_KEY: json.dumps(card)})
    path = folder / "card.onnx"
    path.write_bytes(sealed(model.SerializeToString()))
    return str(path)


SHOWN: dict[str, Callable[[Path, Path], list[str]]] = {
    "a model's name": lambda folder, tiny: ["info", LONG],
    "a command": lambda folder, tiny: [LONG],
    "a flag": lambda folder, tiny: ["run", str(tiny), f"--{LONG}", "x"],
    "a file's name": lambda folder, tiny: ["data", "check", f"{folder}/{HOSTILE}.npz"],
    "a gallery's name": lambda folder, tiny: ["gallery", "list", f"{folder}/{HOSTILE}.npz"],
    "a person's name": lambda folder, tiny: [
        *("gallery", "forget", "g.npz", "--name", LONG),
    ],
    "a source's name": lambda folder, tiny: ["run", str(tiny), "--source", f"{HOSTILE}.csv"],
    "a header": lambda folder, tiny: [
        *("run", str(tiny), "--source", csv_of(folder, f"t,ax,ay,az,{LONG},gy,gz,label"))
    ],
    "labels": lambda folder, tiny: [
        *("run", str(tiny), "--source", csv_of(folder, "t,ax,ay,az,gx,gy,gz,label", LONG))
    ],
    "a tar's member": lambda folder, tiny: ["data", "check", tar_of(folder)],
    "a card in info": lambda folder, tiny: ["info", card_of(folder, tiny)],
    "a card in run": lambda folder, tiny: [
        *("run", card_of(folder, tiny), "--source"),
        csv_of(folder, "t,ax,ay,az,gx,gy,gz,label"),
    ],
}


@pytest.mark.parametrize("what", SHOWN)
def test_a_terminal_obeys_nothing_that_comes_from_outside(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = tmp_path / "tiny.onnx"
    model = tiny_graph()
    onnx.helper.set_model_props(model, {CARD_KEY: tiny_card().to_json()})
    tiny.write_bytes(sealed(model.SerializeToString()))
    main(SHOWN[what](tmp_path, tiny))
    said = "".join(capsys.readouterr())
    assert said
    assert RAW.search(said) is None
    assert max(map(len, said.split())) <= 200
    assert max(map(len, said.splitlines())) <= 2000


def test_json_stays_exact(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a label holds: programs read it back as it was."""
    tiny = tmp_path / "tiny.onnx"
    model = tiny_graph()
    card = tiny_card(output=OutputSpec("classes", (HOSTILE, "b", "c")), name=LONG)
    onnx.helper.set_model_props(model, {CARD_KEY: card.to_json()})
    tiny.write_bytes(sealed(model.SerializeToString()))
    assert main(["info", str(tiny), "--json"]) == 0
    said = capsys.readouterr().out
    assert RAW.search(said) is None
    assert json.loads(said)["card"]["name"] == LONG


def test_a_name_is_one_line_of_two_hundred_characters() -> None:
    assert safe_name(f"a\n{HOSTILE}\tb") == "a??]0;owned??31m??A?b"
    assert len(safe_name("y" * 10_000)) == 200
    assert safe_name("y" * 10_000).endswith("…")
    assert printable("\ud800") == "?"


def test_every_word_to_standard_error_goes_through_one_of_two_functions() -> None:
    """`tell` and `say`: nobody has to think of what a name may hold."""
    own = {"edgehuman/errors.py", "edgehuman/progress.py", "edgehuman/cli.py"}
    own |= {f"edgehuman/runtime/{name}.py" for name in ("loop/play", "loop/standard")}
    own |= {f"edgehuman/runtime/engine/{name}.py" for name in ("build", "build_on_device")}
    require_none(
        "words to standard error go through edgehuman.progress.tell or say of runtime.loop.play",
        (
            f"{file}:{number}: {line.strip()}"
            for file, path in SOURCES.items()
            if file not in own and not file.startswith("bench/pages/")
            for number, line in enumerate(lines_of(path), 1)
            if "file=sys.stderr" in line or "sys.stderr.write" in line
        ),
    )
