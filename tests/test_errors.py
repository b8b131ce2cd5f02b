"""Every error a user can cause has one root, a place in the drawn tree, and an exit code."""

from __future__ import annotations

import errno

import pytest

from edgehuman import errors
from edgehuman.cli import main
from edgehuman.errors import printable, saying_unreachable

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


@pytest.mark.parametrize("text", ["Łucja Müller", "安娜", "مریم\u200cزاده", "a\tb\nc", "5 µs – ½"])
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
