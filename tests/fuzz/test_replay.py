"""Every parser under seeded changes of its files: what `make fuzz` does for minutes, in seconds and
on every platform.
"""

from __future__ import annotations

import importlib
import random
import sys
import zlib
from pathlib import Path

import pytest

from edgehuman.errors import EdgehumanError
from tests.fuzz import one, run
from tests.fuzz.mutate import mutated
from tests.fuzz.one import MODULES
from tests.fuzz.target import INPUT_BYTES, Tally, Target, attempt, joined
from tests.leaving import start

TARGETS = joined([importlib.import_module(f"tests.fuzz.targets.{name}") for name in MODULES])
EACH, EACH_LIVE = 60, 20
"""Changed files of each target; a listener takes a window's time of rows from each."""
# What a changed file makes NumPy and others say is no error here.
pytestmark = pytest.mark.filterwarnings("ignore")


def _seeds(name: str) -> tuple[Target, list[bytes]]:
    target = TARGETS[name]
    if target.needs:
        pytest.importorskip(target.needs)
    return target, list(target.seeds())


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_reads_one_of_its_seeds(name: str, tmp_path: Path) -> None:
    """A target that refuses everything at its door attacks nothing."""
    target, seeds = _seeds(name)
    refused = []
    for content in seeds:
        try:
            target.read(content, tmp_path)
        except EdgehumanError as error:
            refused.append(str(error))
    assert len(refused) < len(seeds), refused


@pytest.mark.slow  # all together
@pytest.mark.parametrize("name", TARGETS)
def test_no_changed_file_raises_an_error_that_is_none_of_ours(name: str, tmp_path: Path) -> None:
    target, seeds = _seeds(name)
    rng, tally = random.Random(zlib.crc32(name.encode())), Tally()
    for _ in range(EACH if target.refuses else EACH_LIVE):
        content = mutated(rng.choice(seeds), target.form, rng, INPUT_BYTES)
        attempt(target, content, tmp_path, tally)
    found = [f"{each.kind} at {each.place}\n{each.words}" for each in tally.findings.values()]
    assert not found, "\n".join(found)


def test_a_finding_is_told_once_and_with_its_place(tmp_path: Path) -> None:
    """The harness itself: an error of another class is found, one of ours is not."""

    def read(content: bytes, folder: Path) -> None:
        if content == b"ours":
            raise EdgehumanError("refused")
        if content == b"theirs":
            raise KeyError("x")

    target, tally = Target(read, list), Tally()
    found = [attempt(target, each, tmp_path, tally) for each in (b"", b"ours", b"theirs") * 2]
    assert [each.kind for each in found if each] == ["KeyError"]
    assert "test_replay.py" in next(each.place for each in found if each)
    assert (tally.inputs, tally.read, tally.refused) == (6, 2, 2)


def test_where_nothing_may_be_refused_our_errors_are_findings(tmp_path: Path) -> None:
    def read(content: bytes, folder: Path) -> None:
        raise EdgehumanError("the stream ended")

    tally = Tally()
    found = attempt(Target(read, list, refuses=False), b"", tmp_path, tally)
    assert found is not None
    assert (found.kind, tally.refused) == ("EdgehumanError", 0)


@pytest.mark.parametrize("seconds", ["0", "-3"])
def test_no_attack_is_without_end(seconds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["run", "--seconds", seconds])
    monkeypatch.setattr(run, "attack", lambda name, seconds: pytest.fail("it began"))
    assert run.main() == 2
    monkeypatch.setattr(sys, "argv", ["one", "gallery", "--seconds", seconds])
    with pytest.raises(SystemExit) as left:
        one.main()
    assert left.value.code == 2


def test_an_attack_leaves_no_folder_and_few_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The process is a stand-in that says how far it is, for two seconds, and is then gone."""
    code = (
        "import pathlib, sys, time\n"
        "folder = pathlib.Path(sys.argv[sys.argv.index('--folder') + 1])\n"
        "(folder / 'left').write_text('x')\n"
        "pathlib.Path('folder.txt').write_text(str(folder))\n"
        "for n in range(4):\n"
        "    pathlib.Path('status.json').write_text('{\"seconds\": %d}' % n)\n"
        "    time.sleep(0.5)\n"
    )
    (tmp_path / "t").mkdir()
    monkeypatch.setattr(run, "CACHE", tmp_path)
    monkeypatch.setattr(
        run,
        "start",
        lambda words, cwd, **named: start(
            [words[0], "-c", code, *words[1:]], cwd=tmp_path / "t", **named
        ),
    )
    assert run.attack("t", 4).failed == ()
    assert not Path((tmp_path / "t" / "folder.txt").read_text()).exists()
    assert len(capfd.readouterr().err.splitlines()) <= 1


def test_changes_keep_the_form_of_a_file() -> None:
    """Most changed JSON is still JSON, and of a zip the checksums are right: they come past the
    header.
    """
    import io
    import json
    import zipfile

    rng, whole = random.Random(1), 0
    for _ in range(200):
        try:
            json.loads(mutated(b'{"a": [1, {"b": "c"}], "d": null}', "json", rng, INPUT_BYTES))
            whole += 1
        except (ValueError, RecursionError):
            continue
    assert whole > 80
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", "x,y\n1,2\n")
        archive.writestr("b.csv", "x,y\n1,2\n")
    whole = 0
    for _ in range(200):
        try:
            changed = mutated(file.getvalue(), "zip", rng, INPUT_BYTES)
            with zipfile.ZipFile(io.BytesIO(changed)) as archive:
                whole += archive.testzip() is None
        except Exception:
            continue
    assert whole > 80
