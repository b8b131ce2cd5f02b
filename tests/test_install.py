"""A missing module names what brings it, and a command that works today."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from edgehuman import install
from edgehuman.config import read_table
from edgehuman.install import (
    CHECKOUT,
    code_line,
    extra_of,
    fix_for,
    module_line,
    not_installed,
    pip_line,
    requirement,
)
from edgehuman.runtime.doctor import NEEDS, PACKAGES
from tests import leaving
from tests.whole.house import ROOT, SOURCES, needs_sources

PROJECT = read_table(ROOT / "pyproject.toml")["project"]
# In the place of each finder stands one that finds nothing of these packages.
WITHOUT = """
import sys

class Absent:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            return None
        return self.finder.find_spec(name, path, target)

sys.meta_path[:] = map(Absent, sys.meta_path)
from edgehuman.cli import main
sys.exit(main(sys.argv[1:]))
"""


def distributions(lines: list[str]) -> set[str]:
    return {re.split(r"[<>=;\[ ]", line)[0] for line in lines}


@pytest.mark.parametrize("module", sorted({*install._MODULES, *PACKAGES}))
def test_the_extra_brings_the_module(module: str) -> None:
    extra = extra_of(module)
    lines = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    assert install._MODULES[module][0] in distributions(lines)


def test_from_a_checkout_its_own_folder_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "CHECKOUT", ROOT)
    monkeypatch.chdir(ROOT)
    assert pip_line("train") == "pip install -e '.[train]'"
    monkeypatch.chdir(tmp_path)
    assert pip_line("plot", "train") == f"pip install -e '{ROOT}[plot,train]'"


def test_an_installed_wheel_takes_its_extra_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "CHECKOUT", tmp_path)
    assert requirement("plot") == "'edgehuman[plot]'"
    assert requirement() == "'edgehuman'"


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("torch.nn", "torch is not installed; the extra `train` brings it; run: pip install -e"),
        ("tyro", "edgehuman itself needs it (tyro); run: pip install tyro"),
        ("cv2", "edgehuman itself needs it (opencv-python); run: pip install opencv-python"),
        ("tensorrt", "the extra `tensorrt` brings it"),
        ("matplotlib", "the extra `plot` brings it"),
        (
            "wandb",
            "wandb is not installed; no extra of edgehuman brings it; run: pip",
        ),
    ],
)
def test_the_message_names_the_extra_and_the_command(
    module: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "CHECKOUT", ROOT)
    message = str(not_installed(module))
    assert said in message
    assert message.endswith(fix_for(module))


def test_the_purpose_is_said() -> None:
    assert str(not_installed("matplotlib", "a picture")).startswith(
        "a picture needs matplotlib, wh"
    )


PHOTO = str(ROOT / "docs" / "pictures" / "demo_timeline.png")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("absent", "words", "said"),
    [
        ("tyro", ["run", "zoo:activity", "--source", "simulated"], "pip install tyro"),
        ("numpy", ["run", "zoo:activity", "--source", "simulated"], "pip install numpy"),
        ("numpy", ["data", "check", "."], "pip install numpy"),
        ("tyro", ["finetune", "--out", "x"], "pip install tyro"),
        (
            "cv2",
            ["run", "zoo:person-garments-int8", "--source", PHOTO],
            "pip install opencv-python",
        ),
        ("onnxruntime", ["evaluate", "zoo:activity"], "pip install onnxruntime"),
        ("torch", ["pretrain", "--out", "x"], "the extra `train` brings it"),
        ("onnx", ["export", "imuconv_288k"], "pip install"),
        ("torch", ["run", "imuconv_288k", "--source", "simulated"], "pip install"),
    ],
)
def test_a_missing_module_is_one_line_that_says_what_installs_it(
    absent: str, words: list[str], said: str, tmp_path: Path
) -> None:
    done = leaving.run(
        [sys.executable, "-c", WITHOUT.format(absent=[absent]), *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("edgehuman: ")
    assert said in last
    assert absent in last


def test_the_overview_and_the_version_do_without_any_dependency() -> None:
    needed = [module for module, (_, extra) in install._MODULES.items() if not extra]
    assert {"numpy", "tyro", "tqdm", "tomli"} < set(needed)
    code = WITHOUT.format(absent=[*needed, "tomllib"])
    for words in (["--help"], ["-V"], ["help"]):
        done = leaving.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "row"),
    [
        (["models"], "models"),
        (["info", "zoo:activity"], "info"),
        (["completion", "bash"], "completion"),
        (["zoo", "get", "nothing"], "zoo"),
        (["doctor"], ""),
    ],
)
def test_a_command_does_with_what_the_doctor_says_that_it_needs(words: list[str], row: str) -> None:
    absent = sorted(set(install._MODULES) - set(NEEDS[row] if row else ("tyro",)))
    done = leaving.run(
        [sys.executable, "-c", WITHOUT.format(absent=absent), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "not installed" not in done.stderr
    assert done.returncode == (2 if words[-1] == "nothing" else 0)


# Other processes of this installation -------------------------------------------------------------


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with what would be imported in place of the installed modules."""
    for name in ("edgehuman", "json", "runpy", "numpy", "importlib", "cv2", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n1 / 0")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("before", [[], [""], [".", "src"]])
def test_another_process_imports_nothing_of_the_current_folder(
    hostile: Path, monkeypatch: pytest.MonkeyPatch, before: list[str]
) -> None:
    monkeypatch.setattr(sys, "path", [*before, *sys.path])
    code = "import json, edgehuman.install; print(json.dumps([edgehuman.__file__, sys.argv[1:]]))"
    done = leaving.run(code_line(code, "a", "-c"), capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert json.loads(done.stdout) == [str(CHECKOUT / "edgehuman" / "__init__.py"), ["a", "-c"]]
    line = module_line("edgehuman", "--help")
    done = leaving.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: edgehuman")
    assert not (hostile / "ran").exists()


def test_a_package_found_by_a_relative_place_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [place for place in sys.path if place != str(CHECKOUT)]
    monkeypatch.setattr(sys, "path", ["", *kept])
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.chdir(tmp_path)
    code = "import edgehuman.install; print(edgehuman.install.CHECKOUT)"
    done = leaving.run(code_line(code), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(CHECKOUT)


@needs_sources
def test_every_python_of_ours_is_started_in_this_one_place() -> None:
    """The kind: `-m` and `-c` put the current folder first."""
    places = [
        file
        for file in SOURCES
        if re.search(r"\bsys\.executable\b(?!\)\.parent)", (ROOT / file).read_text())
    ]
    assert [file for file in places if not file.startswith("tests/")] == ["edgehuman/install.py"]
