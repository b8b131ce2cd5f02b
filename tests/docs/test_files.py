"""The page of files says what the readers read."""

from __future__ import annotations

import json
import re

import pytest

from edgehuman.cli import main
from edgehuman.errors import DataError
from edgehuman.geometry import LAYOUTS
from edgehuman.preprocess.imu.text.columns import ALIASES, match
from edgehuman.preprocess.imu.text.lines import RowParser
from edgehuman.preprocess.skeleton.layouts import joints_said
from edgehuman.preprocess.skeleton.line import KEYS, parse_line
from tests.docs.fences import ROOT, fences

PAGE = ROOT / "docs" / "files.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = {
    language: [f.code for f in fences(PAGE) if f.language == language]
    for language in ("csv", "json")
}


def row_of(first: str) -> str:
    (row, *_) = [line for line in TEXT.splitlines() if line.startswith(f"| {first} |")]
    return row


def test_the_csv_and_the_json_line_are_read() -> None:
    for text, count in ((BLOCKS["csv"][0], 2), (BLOCKS["json"][0], 1)):
        parser = RowParser("the page")
        rows = parser.parse(text.splitlines())
        assert (len(rows.stamp_T), parser.bad) == (count, 0)
        assert parser.labels == ("standing",)


@pytest.mark.parametrize(
    ("row", "name"),
    [("`t`", "t"), ("`ax` `ay` `az`", "ax"), ("`gx` `gy` `gz`", "gx"), ("`label`", "label")],
)
def test_every_other_name_of_a_column_is_there_and_no_more(row: str, name: str) -> None:
    said = set(re.findall(r"`(\w+)`", row_of(row).rpartition("|")[0].rpartition("|")[2]))
    said -= {"_x", "x", "x_"}
    known = {
        re.sub(r"_?x$|^x_", "", alias) if name.endswith("x") else alias for alias in ALIASES[name]
    }
    assert said == known - {name if name in ("t", "label") else ""}


def test_a_header_with_units_is_read_as_the_page_says() -> None:
    header = [
        "Time (s)",
        *(f"{kind} {axis} (unit)" for kind in ("Accel", "Gyro") for axis in "XYZ"),
    ]
    assert match(header, "the page").place == tuple(range(7))
    assert "`Accel X (m/s^2)` is `accel_x`" in TEXT


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_there_with_its_joints_in_order(layout: str) -> None:
    count = len(LAYOUTS[layout])
    assert row_of(f"`{layout}`") == f"| `{layout}` | {count} | {joints_said(layout)} |"


def test_the_pose_line_is_read_once_it_has_all_its_joints() -> None:
    row = json.loads(BLOCKS["json"][1])
    row["joints"] *= len(LAYOUTS[row["layout"]])
    line = parse_line(json.dumps(row), "the page")
    assert (line.t_s, line.track, line.width_px, line.height_px) == (12.04, "7", 1920, 1080)
    table = TEXT[TEXT.index("| key | what |") : TEXT.index("| layout | joints |")]
    firsts = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    assert [key for first in firsts[1:] for key in re.findall(r"`(\w+)`", first)] == [*KEYS]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_the_help_is_read(key: str) -> None:
    row = json.loads(BLOCKS["json"][1])
    row["joints"] *= len(LAYOUTS[row["layout"]])
    row["layout"] = "movenet17"  # its number of joints is that of coco17
    whole = parse_line(json.dumps(row), "the page")
    del row[key]
    try:
        without = parse_line(json.dumps(row), "the page")
    except DataError:
        return  # it is needed
    assert repr(without) != repr(whole)


@pytest.mark.parametrize("model", ["zoo:activity", "zoo:gait-skeleton"])
def test_the_help_has_what_the_page_has(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", model, "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    if model == "zoo:activity":
        names = [*ALIASES["t"], *ALIASES["ax"], *ALIASES["gx"], *ALIASES["label"]]
        for row in ("`t`", "`ax` `ay` `az`", "`gx` `gy` `gz`", "`label`"):
            what = row_of(row).split("|")[2].replace("`", "").strip()
            assert what in said
    else:
        names = [*KEYS, *LAYOUTS, *map(joints_said, LAYOUTS)]
    assert [name for name in names if name not in said] == []
