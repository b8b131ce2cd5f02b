"""The entry of the bench's modules: what is printed, and which exit code each mistake has."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.pages.imu import live
from edgehuman.bench.pages.imu import wearable as wearable_table
from edgehuman.errors import DataError, EdgehumanError, UsageError
from edgehuman.outcome import Outcome


@dataclass(frozen=True)
class ToyConfig:
    """A toy."""

    count: int = 2


def double(config: ToyConfig) -> Outcome:
    return Outcome({}, str(2 * config.count), config.count == 0)


def test_it_prints_the_text_and_gives_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ToyConfig, double, ["--count", "3"]) == 0
    assert capsys.readouterr().out == "6\n"
    assert main(ToyConfig, double, ["--count", "0"]) == 1


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (DataError("no such file"), 1, "no such file"),
        (UsageError("not a name"), 2, "not a name"),
        (ModuleNotFoundError("no", name="torch"), 1, "the extra `train` brings it"),
        (KeyboardInterrupt(), 130, "stopped"),
    ],
)
def test_a_mistake_is_one_line_and_its_exit_code(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(config: ToyConfig) -> Outcome:
        raise error

    assert main(ToyConfig, fail, []) == code
    err = capsys.readouterr().err
    assert err.startswith("test_entry: ")
    assert said in err
    assert err.count("\n") == 1


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    def fail(config: ToyConfig) -> Outcome:
        raise ModuleNotFoundError("no", name="edgehuman.nowhere")

    with pytest.raises(ModuleNotFoundError):
        main(ToyConfig, fail, [])


def test_an_unknown_flag_leaves_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ToyConfig, double, ["--nope"]) == 2


def test_data_that_is_not_there_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live, "load", lambda name: None)
    assert main(live.LiveConfig, live.measure, ["--data", "nope"]) == 1
    assert capsys.readouterr().err.startswith("live: nope: no such file")


def test_recipes_that_are_not_there_are_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--data", "nope", "--recipes", "nowhere"]
    code = main(wearable_table.TableConfig, wearable_table.build_table, words)
    assert code == UsageError.exit_code
    assert "nowhere/activity_table.toml" in capsys.readouterr().err
    assert issubclass(UsageError, EdgehumanError)
