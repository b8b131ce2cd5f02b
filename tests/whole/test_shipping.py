"""What is shipped: the sdist, the wheel, the images, the workflow."""

from __future__ import annotations

import email
import os
import re
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests import leaving
from tests.whole.house import ROOT

LEFT_BEHIND = (".git", ".venv", ".cache", "*.egg-info", "__pycache__", ".*_cache", "*.pyc")
MADE_HERE = ("build", "dist", "demo", "runs", "site")
DOCKERFILES = sorted((ROOT / "docker").glob("*.Dockerfile"))


def copy_repository(copy: Path, *others: str) -> None:
    """Copy the repository without what is made in it, and without these folders at its top."""
    everywhere = shutil.ignore_patterns(*LEFT_BEHIND)

    def ignored(folder: str, names: list[str]) -> set[str]:
        top = {*MADE_HERE, *others} if Path(folder) == ROOT else set()
        return everywhere(folder, names) | (top & set(names))

    shutil.copytree(ROOT, copy, ignore=ignored)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A copy of the repository, its sdist, and the wheel that the unpacked sdist gives."""
    pytest.importorskip("setuptools", "77")
    folder = tmp_path_factory.mktemp("shipping")
    copy = folder / "copy"
    copy_repository(copy)
    sdist = build("sdist", copy, folder)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    return copy, sdist, build("wheel", unpacked, folder)


def build(what: str, source: Path, out: Path) -> Path:
    code = f"from setuptools import build_meta; print(build_meta.build_{what}({str(out)!r}))"
    done = leaving.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=source, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return out / done.stdout.splitlines()[-1]


@pytest.mark.long
@pytest.mark.slow
def test_the_sdist_is_the_whole_repository(built: tuple[Path, Path, Path]) -> None:
    copy, sdist, _ = built
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    files = {
        path.relative_to(copy).as_posix()
        for path in copy.rglob("*")
        if path.is_file() and not re.search(r"\.egg-info|__pycache__|\.gitignore$", str(path))
    }
    assert sorted(files - inside) == []


@pytest.mark.long
@pytest.mark.slow
def test_the_wheel_of_the_sdist_has_the_product_and_nothing_else(
    built: tuple[Path, Path, Path],
) -> None:
    with zipfile.ZipFile(built[2]) as wheel:
        names = wheel.namelist()
    assert {"edgehuman/cli.py", "edgehuman/bench/bench.py", "edgehuman/py.typed"} <= set(names)
    assert "edgehuman/zoo/activity.onnx" in names
    assert not [name for name in names if name.startswith(("edgehuman/bench/pages", "tests"))]
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"edgehuman"}


@pytest.mark.long
@pytest.mark.slow
def test_the_page_on_pypi_has_whole_addresses(built: tuple[Path, Path, Path]) -> None:
    with zipfile.ZipFile(built[2]) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        page = email.message_from_bytes(wheel.read(name))
    assert page["Description-Content-Type"].startswith("text/markdown")
    text = str(page.get_payload())
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert len(targets) > 10
    assert [target for target in targets if not target.startswith("https://")] == []
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert all(picture.startswith("https://raw.githubusercontent.com/") for picture in pictures)
    for target in targets:
        path = re.sub(r"^https://[\w.]+/edgehuman/edgehuman/(blob/)?main/", "", target)
        assert path.startswith("https://") or (ROOT / path).exists(), target
    labels = {line.partition(",")[0] for line in page.get_all("Project-URL", [])}
    assert {"Homepage", "Documentation", "Changelog", "Issues"} <= labels


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.stem)
def test_a_dockerfile_copies_what_is_there_and_starts_edgehuman(path: Path) -> None:
    text = re.sub(r"\\\n", " ", path.read_text(encoding="utf-8"))
    steps = [line.split(maxsplit=1) for line in text.splitlines() if line[:1].isupper()]
    known = {"ARG", "FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "ENTRYPOINT", "CMD"}
    assert {step for step, _ in steps} <= known
    copied = [
        words.split()[:-1] for step, words in steps if step == "COPY" and "--from" not in words
    ]
    assert all((ROOT / source).exists() for sources in copied for source in sources)
    assert [words for step, words in steps if step == "ENTRYPOINT"] == ['["edgehuman"]']


@pytest.mark.slow
@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.stem)
def test_a_dockerfile_passes_hadolint(path: Path) -> None:
    program = shutil.which("hadolint") or shutil.which("hadolint", path=Path(sys.executable).parent)
    if program is None:
        pytest.skip("hadolint is not installed; the extra `dev` brings it where it has a wheel")
    done = leaving.run([program, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_image_of_a_cpu_is_built_and_runs() -> None:
    if not shutil.which("docker") or leaving.run(["docker", "info"], check=False).returncode:
        pytest.skip("no docker that answers")
    dockerfile = ROOT / "docker" / "cpu.Dockerfile"
    build = ["docker", "build", "-q", "-f", str(dockerfile), str(ROOT)]
    image = leaving.run(build, capture_output=True, text=True, check=True).stdout.strip()
    words = ["run", "zoo:activity", "--source", "simulated", "--seconds", "10"]
    done = leaving.run(["docker", "run", "--rm", image, *words], check=False)
    assert done.returncode == 0


def test_the_release_is_tried_before_it_is_published_without_a_token() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert re.search(r"^  publish:\n    needs: \[try, models\]", text, re.MULTILINE)
    assert re.search(r"^  try:\n    needs: build$", text, re.MULTILINE)
    assert "id-token: write" in text
    assert not re.search(r"secrets\.|password", text)
    assert '"3.10"' in text


def test_ci_checks_tests_draws_the_pages_and_tries_other_versions() -> None:
    script = ROOT / ".ci" / "run"
    text = script.read_text()
    steps = re.findall(r"^(?:WORKERS=1 )?((?:make|\.ci/versions) \S+)", text, re.MULTILINE)
    assert steps == [
        *("make .venv/.full", "make docs", "make check", "make test", "make test-long"),
        *(".ci/versions oldest", ".ci/versions newest"),
    ]
    # A step in the background fails the run too.
    assert text.count(" & ") == text.count("|| failed=$?") == 3
    assert text.rstrip().endswith('exit "$failed"')
    assert all(os.access(ROOT / ".ci" / name, os.X_OK) for name in ("run", "versions"))
