"""`edgehuman run` with --worn: which run it is, and what its flags say."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman import cli
from tests.runtime.together.test_opening import video, walk

__all__ = ["video", "walk"]
DETECTOR = "zoo:person-detector-int8"


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = cli.main(["run", *words])
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["zoo:activity", "--source", "a.csv", "--worn", "b.csv"],
            "unknown flag --worn: it is for",
        ),
        ([DETECTOR, "--source", "a.mp4", "--wait-s", "9"], "--wait-s is for sensors beside the"),
        (
            [DETECTOR, "--source", "a.mp4", "--worn-modle", "x"],
            "unknown flag --worn-modle. Did you",
        ),
        (
            ["zoo:person-garments-int8", "--source", "a.mp4", "--worn", "b.csv"],
            "takes photos of one person; with --worn it needs frames",
        ),
    ],
)
def test_wrong_flags_are_named(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(capsys, *words)
    assert code == 2
    assert message in text


def test_without_sensors_it_is_the_run_of_frames(
    video: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", DETECTOR, "--source", video, "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert '"source"' not in lines[0]


def test_a_recipe_says_the_same(
    video: str, walk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "both.toml"
    recipe.write_text(
        f'model = "{DETECTOR}"\nsource = "{video}"\nworn = ["anna={walk}"]\njson = true\n'
        'worn_model = "zoo:activity-int8"\nworn_offset = ["anna=0.5"]\n'
    )
    assert cli.main(["run", "--recipe", str(recipe)]) == 0
    out = capsys.readouterr().out
    assert '"source": "anna"' in out
    assert '"t_s": 3.04' in out  # the first window ends at 2.54 s
