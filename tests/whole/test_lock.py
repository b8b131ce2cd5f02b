"""What is installed is what was listed, and an audit that looked nothing up says so."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests import leaving
from tests.whole.house import ROOT

LISTS = ("build", "device", "full", "torch", "cuda", "docs")
ENTRY = re.compile(
    r"^([a-z0-9][a-z0-9.-]*)==(\S+)([^\n]*)((?:\n    --hash=sha256:[0-9a-f]{64}.*)+)", re.M
)
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
    locked: dict[str, set[str]] = {}
    for name in LISTS:
        text = (ROOT / "lock" / f"{name}.txt").read_text()
        entries = ENTRY.findall(text)
        assert len(entries) == len(re.findall(r"^[a-z0-9]", text, re.M)), f"{name}: no hash"
        for package, version, *_ in entries:
            locked.setdefault(package, set()).add(version)
    for package, known in constrained.items():
        assert known & locked.get(package, known), package
    assert {"numpy", "torch", "pytest", "setuptools", "mkdocs"} <= locked.keys()


def wheel(folder: Path, name: str, version: str) -> str:
    """A wheel of nothing; its hash."""
    import hashlib

    path, about = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
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
    line = [sys.executable, str(copy / ".ci" / "audit")]
    done = leaving.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done
    program.write_text("#!/bin/sh\necho no network >&2; exit 1\n")
    done = leaving.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nothing was looked up: no network" in done.stderr
