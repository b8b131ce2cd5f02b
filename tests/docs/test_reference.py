"""The pages of the site that are made from the project: links, commands, public names."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import pytest

import edgehuman
from edgehuman import catalogue, cli
from tests.docs.fences import ROOT


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """docs/hooks/reference.py, which mkdocs loads by its path too."""
    spec = importlib.util.spec_from_file_location(
        "reference", ROOT / "docs" / "hooks" / "reference.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("place", "link", "led"),
    [
        ("index.md", "docs/howto/live.md", "howto/live.md"),
        ("index.md", "CONTRIBUTING.md", "contributing.md"),
        ("index.md", "docs/decisions", "decisions/index.md"),
        ("gait.md", "../recipes/person.toml", "recipes/person.md"),
        ("howto/live.md", "../wearable.md", "../wearable.md"),
        ("decisions/0001-x.md", "../../README.md", "../index.md"),
        ("changelog.md", "LICENSE", "licence.md"),
        ("gait.md", "https://example.org/docs", "https://example.org/docs"),
    ],
)
def test_links_are_right_in_the_repository_and_on_the_site(
    reference: ModuleType, place: str, link: str, led: str
) -> None:
    assert reference.for_the_site(f"see [it]({link}).", place) == f"see [it]({led})."


def test_a_command_has_a_page_with_what_help_prints(reference: ModuleType) -> None:
    page = reference.command_page("doctor")
    assert page.startswith("# edgehuman doctor\n")
    assert cli.COMMANDS["doctor"].example in page
    assert "--root PATH" in page


@pytest.mark.slow
def test_a_command_that_chooses_its_flags_shows_each_choice(reference: ModuleType) -> None:
    page = reference.command_page("finetune")
    assert re.findall(r"## `edgehuman finetune --task ([\w-]+)`", page) == [
        *("activity", "gait", "reid", "attributes", "pose", "landmarks", "parsing", "text-reid"),
        *("detection", "multi-parsing", "part-attributes"),
    ]
    assert "--label-smoothing" in page
    assert "--lovasz" in page


def test_what_chooses_the_flags_of_every_command_is_known(reference: ModuleType) -> None:
    choices = {name: list(reference._choices(name)) for name in cli.COMMANDS}
    assert all(choices.values())
    assert choices["data pack"] == [["--kind", "silhouettes"], ["--kind", "people"]]
    assert choices["data convert"] == [["--kind", "imu"], ["--kind", "skeletons"]]
    assert choices["import"] == [["--source", "timm"], ["--source", "opengait"]]
    assert ["--task", "gait", "--arch", "gaitset"] in choices["finetune"]
    assert ["--task", "pose", "--student", catalogue.TASKS["pose"].student] in choices["distill"]


def test_every_public_name_stands_on_a_page(reference: ModuleType) -> None:
    page = reference.python_page()
    for name in edgehuman.__all__:
        module = getattr(edgehuman, name).__module__
        assert f"::: {module}.{name}\n" in page or f"`{name}`" in page


def test_a_folder_of_the_navigation_becomes_its_pages(reference: ModuleType) -> None:
    nav = [{"Home": "index.md"}, {"More": ["a.md", {"Made": "made/"}]}]
    assert [reference.filled(entry, ["made/1.md", "b.md"]) for entry in nav] == [
        {"Home": "index.md"},
        {"More": ["a.md", {"Made": ["made/1.md"]}]},
    ]
