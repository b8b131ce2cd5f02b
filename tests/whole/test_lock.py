"""What is installed is what was listed, and an audit that looked nothing up says so."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests import leaving
from tests.whole.house import ROOT, project_table

INSTALLED = ("build", "device", "full", "torch", "cuda", "docs")
LISTS = (*INSTALLED, "release", "audit", "uv")
ENTRY = re.compile(
    r"([a-z0-9][a-z0-9.-]*)==(\S+)([^\n]*)((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)"
)
EXTRAS = ("train", "tensorrt-rtx", "dev", "docs")
pytestmark = pytest.mark.skipif(
    not (ROOT / ".ci").is_dir() or os.name == "nt", reason="a checkout, with a shell"
)


def versions(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in re.findall(r"^[a-z0-9][^\n]*", text, re.M):
        name, _, version = re.split(r"[\s;\\]", line)[0].partition("==")
        found.setdefault(name, set()).add(version)
    return found


def test_every_entry_of_every_list_has_hashes_and_its_version_is_the_constrained_one() -> None:
    constrained = versions((ROOT / "constraints.txt").read_text())
    assert {path.stem for path in (ROOT / "lock").iterdir()} == set(LISTS)
    tools = locked_in(LISTS)
    for package, known in constrained.items():
        if package in tools:
            assert known & tools[package], package
        else:  # only what `make` does not install may stand in no list
            assert package in asked_for() - asked_for(*EXTRAS), package
    assert asked_for(*EXTRAS) <= locked_in(INSTALLED).keys()
    assert {"numpy", "torch", "pytest", "setuptools", "mkdocs-material"} <= tools.keys()


def locked_in(names: Iterable[str]) -> dict[str, set[str]]:
    """The versions of each package; every line that is no comment is a part of an entry."""
    locked: dict[str, set[str]] = {}
    for name in names:
        lines = (ROOT / "lock" / f"{name}.txt").read_text().splitlines()
        text = "\n".join(line for line in lines if line and not line.startswith("#"))
        assert not ENTRY.sub("", text).strip(), name
        for package, version, *_ in ENTRY.findall(text):
            locked.setdefault(package, set()).add(version)
    return locked


def asked_for(*extras: str) -> set[str]:
    """The packages of these extras of pyproject.toml, or of all, and what is always installed."""
    project = project_table("project")
    held, left, found = project["optional-dependencies"], list(extras), set()
    texts = list(project["dependencies"])
    for extra in left or held:
        texts += held[extra]
    while texts:
        name, within = re.match(r"([\w.-]+)(?:\[([\w,-]+)\])?", texts.pop()).groups()  # type: ignore[union-attr]
        if name == "edgehuman":
            texts += [text for extra in within.split(",") for text in held[extra]]
        else:
            found.add(re.sub(r"[-_.]+", "-", name).lower())
    return found


def test_the_extras_are_the_ones_that_are_installed() -> None:
    listed = re.search(r"^EXTRAS = .*$", (ROOT / ".ci" / "install").read_text(), re.M)
    assert listed
    found = " ".join(re.findall(r"\[(.*?)\]", listed[0]))
    assert set(re.findall(r"[\w-]+", found)) == set(EXTRAS)


def test_workflows_run_only_what_is_named_by_its_hash() -> None:
    for path in sorted((ROOT / ".github" / "workflows").iterdir()):
        text = path.read_text()
        for action in re.findall(r"uses: (.*)", text):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", action), f"{path.name} {action}"
        for line in re.findall(r".*pip install.*|.*-m build.*", text):
            # The wheel that was made is tried with what a user gets.
            hashed = "--require-hashes" in line or "--no-isolation" in line or "dist/*.whl" in line
            assert hashed, f"{path.name} {line}"


def wheel(folder: Path, name: str, version: str, needs: str = "") -> str:
    """A wheel of nothing; its hash."""
    import hashlib

    path, about = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            f"{about}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            + (f"Requires-Dist: {needs}\n" if needs else ""),
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout whose lists name a package of nothing."""
    (tmp_path / ".ci").mkdir()
    for name in ("install", "audit"):
        shutil.copy(ROOT / ".ci" / name, tmp_path / ".ci")
    (tmp_path / "lock").mkdir()
    (tmp_path / "wheels").mkdir()
    found = wheel(tmp_path / "wheels", "nothing", "1.0")
    for name in LISTS:
        (tmp_path / "lock" / f"{name}.txt").write_text(
            f"nothing==1.0 \\\n    --hash=sha256:{found}\n"
        )
    (tmp_path / "constraints.txt").write_text("")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "empty"\nversion = "1"\n')
    return tmp_path


def install(copy: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    target = ["--no-index", "--find-links", str(copy / "wheels"), "--target", str(copy / "out")]
    line = [sys.executable, str(copy / ".ci" / "install"), *words, *target]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    kept |= {"PIP_CONFIG_FILE": os.devnull, **environment}
    return leaving.run(line, capture_output=True, text=True, check=False, env=kept)


locks_here = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine != "x86_64", reason="no lists for this system"
)


@locks_here
def test_a_file_with_another_hash_ends_the_installation(copy: Path) -> None:
    done = install(copy, "docs")
    assert (done.returncode, (copy / "out" / "nothing-1.0.dist-info").is_dir()) == (0, True), done
    shutil.rmtree(copy / "out")
    (copy / "lock" / "docs.txt").write_text(f"nothing==1.0 --hash=sha256:{'0' * 64}\n")
    done = install(copy, "docs")
    assert done.returncode == 1
    assert "DO NOT MATCH" in done.stderr
    assert "a file is not the one of lock/docs.txt" in done.stderr


@locks_here
def test_what_has_no_hash_is_said_and_under_must_refused(copy: Path) -> None:
    done = install(copy, "docs", LOCK="off")
    assert "LOCK=off: versions of constraints.txt, without hashes" in done.stderr
    (copy / "lock" / "docs.txt").write_text(f"absent==1.0 --hash=sha256:{'0' * 64}\n")
    done = install(copy, "docs", LOCK="must")
    assert done.returncode == 1
    assert "LOCK=must allows none without a hash" in done.stderr


@pytest.mark.slow
@locks_here
def test_a_package_whose_needs_are_in_no_list_is_said_and_under_must_refused(copy: Path) -> None:
    environment = copy / "environment"
    leaving.run([sys.executable, "-m", "venv", str(environment)], check=True)
    found = wheel(copy / "wheels", "needy", "1.0", "nothing>=1")
    (copy / "lock" / "docs.txt").write_text(f"needy==1.0 --hash=sha256:{found}\n")
    for must, code in (("", 0), ("must", 1)):
        line = [str(environment / "bin" / "python"), str(copy / ".ci" / "install"), "docs"]
        line += ["--no-index", "--find-links", str(copy / "wheels")]
        (copy / "lock" / "build.txt").write_text("")
        environ = {**os.environ, "LOCK": must}
        done = leaving.run(line, capture_output=True, text=True, check=False, env=environ)
        assert done.returncode == code, done.stderr
        assert "needy 1.0 requires nothing" in done.stderr


def test_what_one_list_wants_on_windows_alone_another_may_want_everywhere(tmp_path: Path) -> None:
    read, written = tmp_path / "read", tmp_path / "written"
    read.mkdir()
    written.mkdir()
    first = ("setuptools==1", "torch==1", "both==1", "windows==1 ; sys_platform == 'win32'")
    split = ("both==1", "windows==1", "old==1 ; python_full_version < '3.11'")
    asked = {"device": first[2:], "full": first, "docs": (*split, "new==2")}
    for name in ("device", "full", "docs", "release", "audit", "uv"):
        (read / f"{name}.txt").write_text("\n".join(asked.get(name, ())) + "\n")
    line = [sys.executable, str(ROOT / ".ci" / "lock-split"), str(read), str(written)]
    leaving.run(line, check=True)
    assert (written / "docs.txt").read_text().splitlines()[1:] == ["windows==1", "new==2"]


AUDITOR = """#!{python}
import json, sys
rows = [dict(row, vulns=row.get("vulns", [])) for row in json.loads({rows!r})]
print(json.dumps({{"dependencies": rows}}))
"""


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        ([{"name": "nothing", "version": "1.0"}], 0, "1 packages looked up, 0 weaknesses"),
        ([{"name": "nothing", "skip_reason": "not on PyPI"}], 2, "1 of 1 could not be looked up"),
        ([], 2, "1 of 1 could not be looked up"),
        ([{"name": "nothing", "version": "1.0", "vulns": [{"id": "X-1", "fix_versions": ["1.1"]}]}],
         1, "nothing 1.0: X-1 ; fixed in 1.1"),
    ],
)  # fmt: skip
def test_an_audit_that_looked_nothing_up_fails(
    copy: Path, rows: list[dict[str, object]], code: int, said: str
) -> None:
    program = copy / ".cache" / "audit" / "bin" / "pip-audit"
    program.parent.mkdir(parents=True)
    program.write_text(AUDITOR.format(python=sys.executable, rows=json.dumps(rows)))
    program.chmod(0o755)
    shutil.copy(copy / "lock" / "audit.txt", copy / ".cache" / "audit" / "list.txt")
    line = [sys.executable, str(copy / ".ci" / "audit")]
    done = leaving.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done
    program.write_text("#!/bin/sh\necho no network >&2; exit 1\n")
    done = leaving.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nothing was looked up: no network" in done.stderr


@pytest.mark.parametrize(
    "line", ["Foo.Bar[x]==1", "foo>=1", "-r other.txt", "  foo==1", "foo @ https://example.com/a"]
)
def test_an_audit_passes_over_no_line(copy: Path, line: str) -> None:
    (copy / "lock" / "a.txt").write_text(f"# a list\n{line}\n")
    words = [sys.executable, str(copy / ".ci" / "audit")]
    done = leaving.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "a.txt:2 is no package==version" in done.stderr


def test_an_audit_knows_a_package_by_any_of_its_names(copy: Path) -> None:
    program = copy / ".cache" / "audit" / "bin" / "pip-audit"
    program.parent.mkdir(parents=True)
    rows = [{"name": "nothing", "version": "1.0"}]
    program.write_text(AUDITOR.format(python=sys.executable, rows=json.dumps(rows)))
    program.chmod(0o755)
    shutil.copy(copy / "lock" / "audit.txt", copy / ".cache" / "audit" / "list.txt")
    (copy / "lock" / "a.txt").write_text("Foo.Bar==1\n")
    words = [sys.executable, str(copy / ".ci" / "audit")]
    done = leaving.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "1 of 2 could not be looked up" in done.stderr
    assert "foo-bar 1" in done.stderr
