"""`edgehuman run` on a folder of photos; broken ones are told of."""

from __future__ import annotations

import json
import resource
import signal
import struct
import sys
import time
import zlib
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.card import OutputSpec
from edgehuman.cli import main
from edgehuman.data.image.write import simulate_people_folder
from edgehuman.errors import ArtefactError, DataError, EngineError, UsageError
from edgehuman.runtime.image.answer import answer_photo
from edgehuman.runtime.image.results import PhotoResult
from edgehuman.runtime.image.run import RunConfig, run
from edgehuman.runtime.model import Model
from tests import leaving
from tests.runtime.image_models import write_image_model
from tests.runtime.photos import flag, photo


def run_rows(model: Path, source: Path, capsys: Any, *words: str) -> list[dict[str, Any]]:
    assert main(["run", str(model), "--source", str(source), "--json", *words]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_parts_have_shares_and_a_mask_of_the_photo_size(tmp_path: Path, capsys: Any) -> None:
    photo(tmp_path / "photos" / "deep" / "a.png", flag())
    model = write_image_model(tmp_path, "parsing")
    rows = run_rows(model, tmp_path / "photos", capsys, "--save", str(tmp_path / "out"))
    assert [(row["photo"], row["height"], row["width"]) for row in rows] == [("deep/a.png", 64, 32)]
    assert rows[0]["parts"] == {"red": 0.5, "green": 0.5}
    assert rows[0]["latency_ms"] > 0
    assert Path(rows[0]["mask"]) == tmp_path / "out" / "deep" / "a.png"
    mask = cv2.imread(rows[0]["mask"], cv2.IMREAD_COLOR)
    assert mask is not None
    assert mask.shape == (64, 32, 3)
    assert (mask[:32] == mask[0, 0]).all()
    assert (mask[32:] == mask[40, 0]).all()
    assert not np.array_equal(mask[0, 0], mask[40, 0])
    lines = (tmp_path / "out" / "photos.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_broken_photos_are_told_of_and_end_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = photo(tmp_path / "photos" / "b.jpg", flag())
    (tmp_path / "photos" / "a.jpg").write_bytes(good.read_bytes()[:200])
    (tmp_path / "photos" / "c.png").write_bytes(b"")
    (tmp_path / "photos" / "notes.txt").write_text("no photo")
    photo(tmp_path / "photos" / "d.png", np.zeros((1, 1, 3), np.uint8))
    model = write_image_model(tmp_path, "parsing")
    config = RunConfig(str(model), str(tmp_path / "photos"), json=True)
    outcome = run(config)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [("error" in row, row["photo"]) for row in rows] == [
        (True, "a.jpg"),
        (False, "b.jpg"),
        (True, "c.png"),
        (True, "d.png"),
    ]
    assert isinstance(outcome.data, dict)
    assert (outcome.data["photos"], outcome.data["unreadable"]) == (4, 3)
    assert outcome.exit_code == 0


def test_a_bomb_in_a_folder_is_named_and_the_others_are_answered_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A whole PNG of 30,000 x 30,000 pixels and one colour, of 110 kB."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(3751 * 100)) for _ in range(300)) + packer.flush()
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)), (b"IDAT", rows),
              (b"IEND", b""))  # fmt: skip
    bomb = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    photo(tmp_path / "photos" / "a.png", flag())
    (tmp_path / "photos" / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bomb)
    photo(tmp_path / "photos" / "c.png", flag())
    model = write_image_model(tmp_path, "reid")
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = run(RunConfig(str(model), str(tmp_path / "photos"), json=True))
    rows_said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ["error" in row for row in rows_said] == [False, True, False]
    assert "b.png: a PNG of 900 megapixels would take" in rows_said[1]["error"]
    assert outcome.exit_code == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 200_000


def test_words_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo(tmp_path / "a.png", flag())
    for task, said in (
        ("parsing", "red 50.0 %, green 50.0 %"),
        ("pose", "2 of 2 joints found"),
        ("attributes", "none of the attributes"),
        ("reid", "a vector of 3 numbers (100.000, 100.000, 0.000, …)"),
    ):
        model = write_image_model(tmp_path, task)
        assert main(["run", str(model), "--source", str(tmp_path / "a.png")]) == 0
        out = capsys.readouterr().out
        assert said in out
        assert "1 photos, 0 of them unreadable" in out


def test_label_maps_are_not_answered_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulate_people_folder(tmp_path / "p", people=2, each=4, seed=0)
    model = str(write_image_model(tmp_path, "reid"))
    outcome = run(RunConfig(model, str(tmp_path / "p"), json=True))
    out, err = capsys.readouterr()
    photos = [json.loads(line)["photo"] for line in out.splitlines()]
    assert len(photos) == 8
    assert all(name.startswith("images/") for name in photos)
    assert "8 photos; 8 label maps (masks) left out" in err
    assert isinstance(outcome.data, dict)
    assert outcome.data["photos"] == 8


def test_where_none_can_be_read_it_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"words")
    with pytest.raises(DataError, match="none of its 1 photos can be read"):
        run(RunConfig(str(write_image_model(tmp_path, "reid")), str(tmp_path)))


def test_a_model_that_says_nothing_of_photos_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    photo(tmp_path / "photos" / "a.png", flag())
    model = str(write_image_model(tmp_path, "reid", output=OutputSpec("tokens")))
    with pytest.raises(ArtefactError, match="gives tokens, which is no answer about a photo"):
        run(RunConfig(model, str(tmp_path / "photos"), save=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_folder_to_save_in_has_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    photo(tmp_path / "a.png", flag())
    model = str(write_image_model(tmp_path, "reid"))
    with pytest.raises(UsageError, match=r"--save: .*taken is a file"):
        run(RunConfig(model, str(tmp_path / "a.png"), save=tmp_path / "taken"))


@pytest.mark.parametrize("end", ["error", "Ctrl-C"])
def test_the_lines_of_an_earlier_run_stay_until_the_new_ones_stand(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        photo(tmp_path / "photos" / f"{name}.png", flag())
    (tmp_path / "out").mkdir()
    lines = tmp_path / "out" / "photos.jsonl"
    lines.write_text("old")

    def answer_two(model: Model, path: Path, name: str) -> PhotoResult:
        assert lines.read_text() == "old"
        if name == "b.png" and end == "Ctrl-C":
            signal.raise_signal(signal.SIGINT)
        if name == "c.png":
            raise EngineError("gone")
        return answer_photo(model, path, name)

    monkeypatch.setattr("edgehuman.runtime.image.run.answer_photo", answer_two)
    model = str(write_image_model(tmp_path, "reid"))
    with pytest.raises(EngineError) if end == "error" else nullcontext():
        run(RunConfig(model, str(tmp_path / "photos"), save=tmp_path / "out"))
    kept = lines.with_name("photos.jsonl.partial") if end == "error" else lines
    assert [json.loads(line)["photo"] for line in kept.read_text().splitlines()] == [
        "a.png",
        "b.png",
    ]
    assert end == "Ctrl-C" or lines.read_text() == "old"


@pytest.mark.parametrize("words", [["--hop-s", "1"], ["--gallery", "g.npz"], ["--seconds", "3"]])
def test_words_for_streams_are_unknown_here(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(write_image_model(tmp_path, "reid"))
    assert main(["run", model, "--source", str(tmp_path), *words]) == 2
    assert words[0] in capsys.readouterr().err


def test_both_photos_of_one_stem_get_their_part_map(tmp_path: Path) -> None:
    for name in ("x.jpg", "x.png"):
        photo(tmp_path / "photos" / name, flag())
    model = str(write_image_model(tmp_path, "parsing"))
    run(RunConfig(model, str(tmp_path / "photos"), save=tmp_path / "out"))
    saved = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert saved == ["photos.jsonl", "x.jpg.png", "x.png.png"]


def test_a_part_map_never_replaces_a_photo(tmp_path: Path) -> None:
    path = photo(tmp_path / "photos" / "a.png", flag())
    before = path.read_bytes()
    model = str(write_image_model(tmp_path, "parsing"))
    with pytest.raises(
        UsageError, match=r"--save would overwrite the photo .*a\.png with its part map"
    ):
        run(RunConfig(model, str(tmp_path / "photos"), save=tmp_path / "photos"))
    assert path.read_bytes() == before
    assert not (tmp_path / "photos" / "photos.jsonl").exists()


@pytest.mark.parametrize("output", ["photos.jsonl", "a.png"])
@pytest.mark.parametrize("link", ["hardlink_to", "symlink_to"])
@pytest.mark.parametrize("lost", ["model", "photo"])
def test_nothing_that_is_saved_replaces_the_model_or_a_photo(
    output: str, link: str, lost: str, tmp_path: Path
) -> None:
    path = photo(tmp_path / "photos" / "a.png", flag())
    model = write_image_model(tmp_path, "parsing")
    taken = model if lost == "model" else path
    (tmp_path / "out").mkdir()
    getattr(tmp_path / "out" / output, link)(taken)
    before = taken.read_bytes()
    with pytest.raises(UsageError, match=rf"out/{output} (is the file of the model|with its) "):
        run(RunConfig(str(model), str(tmp_path / "photos"), save=tmp_path / "out"))
    assert taken.read_bytes() == before
    assert [each.name for each in (tmp_path / "out").iterdir()] == [output]


def test_a_photo_by_the_name_of_the_lines_stays(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.png", flag()).rename(tmp_path / "photos.jsonl")
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"overwrite the photo .*photos\.jsonl with its lines"):
        run(RunConfig(str(write_image_model(tmp_path, "reid")), str(path), save=tmp_path))
    assert path.read_bytes() == before


def test_what_is_no_readable_picture_is_listed_with_its_fix_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "photos"
    photo(folder / "a.png", flag())
    photo(folder / "b.jpg", flag()).rename(folder / "b.jfif")
    (folder / "c.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40))
    (folder / "d.mov").write_bytes(b"\0\0\0\x14ftypqt  \0\0\0\0qt  ")
    photo(folder / "e.png", flag(40, 100))
    (folder / "list.csv").write_text("a,b")
    model = str(write_image_model(tmp_path, "reid"))
    outcome = run(RunConfig(model, str(folder), json=True))
    out, err = capsys.readouterr()
    rows = {row["photo"]: row for row in map(json.loads, out.splitlines())}
    assert (
        "is a HEIC picture, which is not read; convert it with `heif-convert"
        in (rows["c.heic"]["error"])
    )
    assert (
        "is a video, which is not read; take photos out of it with `ffmpeg"
        in (rows["d.mov"]["error"])
    )
    assert "error" not in rows["b.jfif"]
    assert "remark" not in rows["b.jfif"]
    assert "crop each person first" in rows["e.png"]["remark"]
    assert "1 other file left out (1 .csv)" in err
    assert "5 photos, 2 of them unreadable, 1 answered with a remark" in err
    assert isinstance(outcome.data, dict)
    counts = [outcome.data[key] for key in ("photos", "unreadable", "remarked", "other_files")]
    assert counts == [5, 2, 1, 1]
    run(RunConfig(model, str(folder)))
    assert "(remark: 100x40 pixels are squeezed" in capsys.readouterr().out


def test_a_flag_of_other_records_says_what_this_model_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(write_image_model(tmp_path, "reid"))
    assert main(["run", model, "--source", str(tmp_path), "--gallery", "k.npz"]) == 2
    err = capsys.readouterr().err
    assert "unknown flag --gallery: it is for models of SkeletonSequence or Silhouette" in err
    assert "this one takes PersonCrop: one picture of one person" in err
    assert main(["gallery", "enroll", model, "--source", "a", "--name", "A"]) == 2
    assert "This model takes one picture of one person" in capsys.readouterr().err


# The peak of getrusage holds that of the process that started it, too: this one's, with PyTorch.
PEAK = """
import re, sys
from pathlib import Path
from edgehuman.cli import main
code = main(["run", *sys.argv[1:]])
status = Path("/proc/self/status").read_text()
print(int(re.search(r"VmHWM:\\s*(\\d+) kB", status)[1]) // 1024, file=sys.stderr)
sys.exit(code)
"""


# OpenCV before 4.10 decodes into an array of its own, and copies it.
INTO_ONE = tuple(map(int, cv2.__version__.split(".")[:2])) >= (4, 10)
WHOLE = pytest.mark.skipif(not INTO_ONE, reason="this OpenCV makes a second copy")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    ("suffix", "save"),
    [
        (".jpg", False),
        (".jpg", True),
        pytest.param(".bmp", False, marks=WHOLE),
        pytest.param(".png", True, marks=WHOLE),
    ],
)
def test_a_photo_of_48_megapixels_takes_under_300_megabytes(
    suffix: str, save: bool, tmp_path: Path
) -> None:
    path = photo(tmp_path / f"a{suffix}", flag(8000, 6000))
    model = str(write_image_model(tmp_path, "parsing"))
    words = [
        model,
        "--source",
        str(path),
        "--json",
        *(["--save", str(tmp_path / "o")] if save else []),
    ]
    begin_s = time.perf_counter()
    done = leaving.run(
        [sys.executable, "-c", PEAK, *words], capture_output=True, text=True, check=True
    )
    assert time.perf_counter() - begin_s < 30
    row = json.loads(done.stdout)
    assert (row["height"], row["width"]) == (8000, 6000)
    assert row["parts"] == pytest.approx({"red": 0.5, "green": 0.5}, abs=0.001)
    assert int(done.stderr.splitlines()[-1]) < 300
    if save:
        mask = cv2.imread(row["mask"], cv2.IMREAD_REDUCED_GRAYSCALE_8)
        assert mask is not None
        assert mask.shape == (1000, 750)
