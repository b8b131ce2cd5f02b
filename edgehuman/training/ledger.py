"""Package versions and commit of a training, for the card."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edgehuman.install import CHECKOUT

PACKAGES = ("edgehuman", "torch", "numpy", "onnx", "onnxruntime")
UNKNOWN = "unknown"
_TIMEOUT_S = 5.0
_IS_OURS = re.compile(r'^name = "edgehuman"$', re.MULTILINE)
# Of git's variables, those that say where its settings are; the others name a repository.
_KEPT = re.compile(r"GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)")


def versions() -> dict[str, str]:
    """Return the versions of Python and the packages used."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def commit(root: Path = CHECKOUT) -> str:
    """Return the commit of edgehuman's own source, with "-dirty" if tracked files were changed.

    "unknown" for an installed package, also inside somebody's repository; without git; and where
    git does not answer: it refuses another user's folder, or takes over five seconds.

    Args:
        root: the folder that has the package in it.
    """
    if not (root / ".git").exists() or not _is_ours(root):
        return UNKNOWN
    git = _program()
    if not git:
        return UNKNOWN
    found = _answer(git, root, "rev-parse", "--show-toplevel", "--short=12", "HEAD")
    top, _, head = (found or "").strip().rpartition("\n")
    if not top or not re.fullmatch(r"[0-9a-f]{12,}", head) or not _same(Path(top), root):
        return UNKNOWN
    changed = _answer(git, root, "status", "--porcelain", "--untracked-files=no")
    if changed is None:
        return f"{head} (changes {UNKNOWN})"
    return f"{head}-dirty" if changed.strip() else head


def _is_ours(root: Path) -> bool:
    """Whether a folder is a checkout of edgehuman, not somebody's project with a copy of it."""
    try:
        return bool(_IS_OURS.search((root / "pyproject.toml").read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        return False


def _program() -> str:
    """The path of git; never one of the current folder, where Windows would look first."""
    name = "git.exe" if os.name == "nt" else "git"
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)
        if os.path.isabs(folder) and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return ""


def _answer(git: str, root: Path, *words: str) -> str | None:
    """What git prints about a folder; None if it fails or does not answer."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or _KEPT.fullmatch(name)
    }
    # A file monitor is a program that a repository's settings name.
    line = [git, "-c", "core.fsmonitor=false", "--no-optional-locks", "-C", str(root), *words]
    try:
        done = subprocess.run(
            line,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
