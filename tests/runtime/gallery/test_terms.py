"""On what terms somebody is enrolled, as a user types them."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from edgehuman.errors import DataError
from edgehuman.runtime.gallery.key import KEY_VARIABLE, read_key
from edgehuman.runtime.gallery.store.book import read_book
from edgehuman.runtime.gallery.terms import DAY_S, Consent, EnrolmentTerms, terms_of, today
from tests.runtime.gait_models import ANNA, walk, write_poses
from tests.runtime.gait_words import enrol, run
from tests.runtime.gallery.made import write_key

Capture = pytest.CaptureFixture[str]


def store(folder: Path) -> list[object]:
    return ["--gallery", folder / "g.gallery"]


def test_nobody_is_enrolled_without_a_word_on_consent(capsys: Capture, folder: Path) -> None:
    code, _, err = enrol(capsys, folder, "ANNA", *store(folder))
    assert (code, "nothing says that ANNA agreed: give --consent" in err) == (2, True)
    assert not (folder / "g.gallery").exists()
    code, _, err = enrol(capsys, folder, "ANNA", *store(folder), "--no-consent-record")
    assert code == 0
    assert "ANNA is enrolled WITHOUT a record of consent" in err
    assert "is new and not encrypted" in err
    (record,) = read_book(folder / "g.gallery", None).walks
    assert (record.consent, record.expires_s) == (None, None)


def test_consent_and_time_are_recorded(capsys: Capture, folder: Path) -> None:
    key = write_key(folder / "k.key")
    words = [*store(folder), "--key", key, "--consent", "v3", "--keep-days", 30]
    assert enrol(capsys, folder, "ANNA", *words)[0] == 0
    given = ["--consent-by", "BOB's  mother", "--consent-at", "2026-01-31"]
    code, _, err = enrol(capsys, folder, "BOB", *words, *given)
    assert (code, "encrypted" in err) == (0, False)
    anna, bob = read_book(folder / "g.gallery", read_key(key)).walks
    assert anna.consent == Consent("ANNA", today().isoformat(), "v3")
    assert bob.consent == Consent("BOB's mother", "2026-01-31", "v3")
    assert (bob.expires_s or 0) - bob.added_s == 30 * DAY_S
    code, out, _ = run(
        capsys, "gallery", "identify", folder / "nose.onnx", "--source", folder / "door.jsonl",
        *store(folder), "--key", key,
    )  # fmt: skip
    assert [line.split()[2] for line in out.splitlines()[:3]] == ["ANNA", "BOB", "unknown"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--consent", "v3", "--no-consent-record"], "not both"),
        (["--consent-by", "BOB"], "need --consent"),
        (["--consent-at", "2026-01-31"], "need --consent"),
        (["--consent", " "], "--consent is ''; give 1 to 200 printable"),
        (["--consent", "v3", "--consent-by", "x" * 300], "printable"),
        (["--consent", "v3", "--consent-at", "31.1.2026"], "give a day as YYYY-MM-DD"),
        (["--consent", "v3", "--consent-at", "2999-01-01"], "is to come"),
        (["--consent", "v3", "--keep-days", "0"], "--keep-days is 0; it must be from 1"),
        (["--consent", "v3", "--keep-days", "40000"], "--keep-days is 40000"),
        (["--consent", "v3", "--key", "none.key"], "cannot read none.key"),
    ],
)
def test_terms_that_are_none_are_refused(
    words: list[str], said: str, capsys: Capture, folder: Path
) -> None:
    code, out, err = enrol(capsys, folder, "ANNA", *store(folder), *words)
    assert (code, out, said in err) == (2, "", True), err
    assert not (folder / "g.gallery").exists()


def test_a_name_that_is_none_is_told_as_the_name_and_no_flag() -> None:
    for name in ("", "\u202eANNA", "A\nB"):
        flags = EnrolmentTerms(consent="v3")
        with pytest.raises(DataError, match=r"found the name .* printable"):
            terms_of(flags, name, True, False)


@pytest.mark.parametrize(
    "words", [["--consent", "v3"], ["--keep-days", "3"], ["--key", "k.key"], ["--consent-by", "A"]]
)
def test_an_npz_gallery_holds_no_terms(words: list[str], capsys: Capture, folder: Path) -> None:
    code, _, err = enrol(capsys, folder, "ANNA", *words)
    assert (code, "an .npz gallery holds no consent" in err) == (2, True)
    code, _, err = enrol(capsys, folder, "ANNA")
    assert code == 0
    assert "make an encrypted gallery of it with `edgehuman gallery convert`" in err


def test_a_key_of_the_environment_is_for_stores_alone(
    capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, str(write_key(folder / "k.key")))
    assert enrol(capsys, folder, "ANNA")[0] == 0
    assert enrol(capsys, folder, "ANNA", *store(folder), "--no-consent-record")[0] == 0
    for name in ("g.npz", "g.gallery"):
        words = ["--source", folder / "door.jsonl", "--gallery", folder / name]
        code, out, _ = run(capsys, "run", folder / "nose.onnx", *words, "--json")
        assert (code, '"ANNA"' in out) == (0, True)


def test_a_walk_that_looks_like_somebody_else_is_refused(capsys: Capture, folder: Path) -> None:
    words = [*store(folder), "--no-consent-record"]
    assert enrol(capsys, folder, "ANNA", *words)[0] == 0
    assert enrol(capsys, folder, "BOB", *words)[0] == 0
    write_poses(folder / "bob.jsonl", walk((ANNA[0], ANNA[1] + 1), 2))
    code, _, err = enrol(capsys, folder, "BOB", *words, "--walk", "b2")
    assert (code, "this walk looks like ANNA" in err) == (1, True)
    assert enrol(capsys, folder, "BOB", *words, "--walk", "b2", "--take-as-is")[0] == 0


def test_the_day_is_that_of_utc() -> None:
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs((now.date() - today()).days) <= 1
