"""From scratch, SAIP and SAIP*: what each is asked, and the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.pages.saip.students import StudentsConfig, build
from tests.bench.pages.saip.made import Asked, leave_out_trainings, of, table_of

CCP = {"tasks": ("multi-parsing", "multi-parsing@ccp"), "data": ("multi-parsing@ccp=ccp",)}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return leave_out_trainings(monkeypatch)


def small(out: Path, **changes: Any) -> StudentsConfig:
    fields = {"seeds": (0, 1), "tasks": ("text-reid",), "people": 10, "images": 20, "tune_steps": 7}
    return StudentsConfig(out=out, **{**fields, **changes})


def test_the_rows_take_equal_steps_and_differ_in_what_they_start_from(
    asked: Asked, tmp_path: Path
) -> None:
    text = build(small(tmp_path)).text
    tunings = of(asked, "text-reid")
    assert {config.steps for config in tunings} == {7}
    starts = [config.weights and config.weights.name for config in tunings]
    arch = "starnet_s100_k3"
    assert starts == [
        None, f"{arch}-saip-0-pretrained", f"{arch}-saip-star-0-pretrained",
        None, f"{arch}-saip-1-pretrained", f"{arch}-saip-star-1-pretrained",
    ]  # fmt: skip
    own, taught = of(asked, "pretrain")[:2]
    assert (own.teacher, taught.teacher) == (None, tmp_path / "expert")
    (expert,) = of(asked, "reid")
    assert (expert.arch, expert.out) == ("starnet_s3", tmp_path / "expert")
    assert len({config.seed for config in of(asked, "draw")}) == 3  # nobody is in two of these
    rows = table_of(text)
    assert rows["scratch"][2] == "30.0 ± 7.1"  # 25 and 35
    assert rows["saip"][2] == "80.0 ± 7.1"
    assert rows["saip-star"][-2:] == ["65.4", "2"]
    assert "SIMULATED people" in text


def test_other_data_are_tuned_on_and_judged_zero_shot(asked: Asked, tmp_path: Path) -> None:
    text = build(small(tmp_path, **CCP, seeds=(0,), every=3)).text
    tunings = of(asked, "multi-parsing")
    drawn = str(tmp_path / "frames-1500-parts")
    assert {config.data for config in tunings} == {(drawn,), ("ccp",)}
    assert not any(config.read_test for config in tunings)
    judged = {(Path(each.model).name.split("-0-")[1], each.data) for each in of(asked, "judge")}
    assert judged == {
        ("multi-parsing", drawn), ("multi-parsing-ccp", "ccp"), ("multi-parsing", "ccp"),
    }  # fmt: skip
    assert {each.every for each in of(asked, "judge")} == {3}
    rows = table_of(text)
    assert "crowds mIoU, ccp zero-shot" in rows[""]
    assert rows["scratch"][2:8] == ["50.0", "12.5"] * 3
    assert "zero-shot" not in build(small(tmp_path, **CCP, zero_shot=False)).text


def test_frames_are_drawn_for_the_labels_of_the_task(asked: Asked, tmp_path: Path) -> None:
    build(small(tmp_path, tasks=("multi-parsing", "part-attributes"), seeds=(0, 1), frames=40))
    drawn = of(asked, "frames")
    assert [(config.labels, config.portraits, config.frames) for config in drawn] == [
        ("parts", 0.5, 40), ("garments", 1.0, 40),
    ]  # fmt: skip
    assert {config.data for config in of(asked, "part-attributes")} == {(str(drawn[1].out),)}


def test_one_pretraining_for_all_seeds(asked: Asked, tmp_path: Path) -> None:
    build(small(tmp_path, one_pretraining=True))
    assert [config.seed for config in of(asked, "pretrain")] == [0, 0]
    assert [config.seed for config in of(asked, "text-reid")] == [0, 0, 0, 1, 1, 1]


def test_a_given_expert_is_not_trained(asked: Asked, tmp_path: Path) -> None:
    build(small(tmp_path, expert="zoo:person-garments", seeds=(0,)))
    assert not of(asked, "reid")
    assert str(of(asked, "pretrain")[1].teacher) == "zoo:person-garments"


def test_json(asked: Asked, tmp_path: Path) -> None:
    data = json.loads(build(small(tmp_path, json=True, seeds=(0,))).text)
    assert data["rows"]["saip"]["scores"]["text-reid"][0]["rank1"] == 0.75
    assert data["data"] == {"text-reid": "simulated"}
