"""docs/howto/slim.md is true: a stream without OpenCV and scipy, beside any onnxruntime."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from edgehuman.cli import main
from edgehuman.runtime.zoo import FETCHED
from tests import leaving
from tests.docs.fences import ROOT, fences
from tests.whole.house import project_table
from tests.whole.test_shipping import build, copy_repository

PAGE = ROOT / "docs" / "howto" / "slim.md"
FOR_PHOTOS = "opencv-python"
LEFT_OUT = ("cv2", "scipy", "matplotlib", "sklearn", "torch", "onnx", "PIL")
# Absent as on a device: found by no finder, and without an entry in sys.modules.
BLOCKED = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {LEFT_OUT}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""
MAX_STREAM_MB = 90


def run_python(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BLOCKED + code, *words]
    return leaving.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slim")
    words = ["data", "simulate", "--people", "1", "--minutes", "1", "--out", str(folder)]
    assert main(words) == 0
    return folder / "simulated_waist_01.csv"


def test_the_page_lists_what_a_device_needs_but_for_photos() -> None:
    needed = project_table("project")["dependencies"]
    assert sum(line.startswith(FOR_PHOTOS) for line in needed) == 1
    (line,) = [
        line
        for fence in fences(PAGE)
        for line in fence.code.splitlines()
        if line.startswith('pip install "numpy')
    ]
    listed = re.findall(r'"([^"]+)"', line)
    assert sorted(listed) == sorted(name for name in needed if not name.startswith(FOR_PHOTOS))


def test_a_wearable_stream_is_small_without_them(recording: Path) -> None:
    code = (
        "import edgehuman, json, re\n"
        "stream = edgehuman.stream(edgehuman.load('zoo:activity'), sys.argv[1])\n"
        "labels = [result.label for result in stream]\n"
        "text = open('/proc/self/status').read()\n"
        "peak_mb = int(re.search(r'VmHWM:\\s+(\\d+)', text)[1]) / 1024\n"
        "print(json.dumps([len(labels), len(set(labels)), peak_mb, 'tyro' in sys.modules]))\n"
    )
    done = run_python(code, str(recording))
    assert done.returncode == 0, done.stderr
    results, labels, peak_mb, parsed = json.loads(done.stdout.splitlines()[-1])
    assert results > 80
    assert labels > 1
    assert not parsed
    assert peak_mb < MAX_STREAM_MB


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["run", "zoo:activity", "--source", "RECORDING", "--json"],
        ["run", "zoo:activity-int8", "--source", "simulated", "--seconds", "5", "--json"],
        ["run", "zoo:gait-skeleton", "--source", "simulated", "--seconds", "3", "--json"],
        ["evaluate", "zoo:activity", "--data", "simulated"],
        ["data", "list"],
        ["models"],
        ["doctor"],
    ],
    ids=lambda words: "-".join(words[:2]),
)
def test_a_command_that_needs_no_picture_runs_without_them(
    words: list[str], recording: Path
) -> None:
    words = [str(recording) if word == "RECORDING" else word for word in words]
    done = run_python("from edgehuman.cli import main; sys.exit(main(sys.argv[1:]))", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_photos_say_what_to_install() -> None:
    words = ["data", "simulate", "--kind", "people", "--out", "unused"]
    done = run_python("from edgehuman.cli import main; sys.exit(main(sys.argv[1:]))", *words)
    assert done.returncode == 1
    assert "pip install opencv-python" in done.stderr
    assert not (ROOT / "unused").exists()


def test_onnxruntime_reports_nothing_and_keeps_nothing(tmp_path: Path) -> None:
    code = (
        "import os; os.environ.pop('ORT_DISABLE_TELEMETRY', None)\n"
        "os.environ.update(XDG_CACHE_HOME=sys.argv[1], HOME=sys.argv[1])\n"
        "import edgehuman; edgehuman.load('zoo:activity')\n"
        "print(os.environ['ORT_DISABLE_TELEMETRY'])\n"
    )
    done = run_python(code, str(tmp_path))
    assert done.stdout == "1\n", done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("setuptools", "77")
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "copy"
    copy_repository(copy, "tests", "docs")
    return build("wheel", copy, folder)


@pytest.mark.slow
def test_the_wheel_is_small(wheel: Path) -> None:
    # Models of up to 6 MB each, for four records beside the wearable (decision 12).
    assert wheel.stat().st_size < 26_000_000
    with zipfile.ZipFile(wheel) as archive:
        models = {Path(n).stem for n in archive.namelist() if n.endswith(".onnx")}
    assert models == {path.stem for path in (ROOT / "edgehuman" / "zoo").glob("*.onnx")} - {
        *FETCHED
    }


@pytest.mark.slow
def test_it_installs_beside_the_onnxruntime_of_a_gpu(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "device", with_pip=False)
    (site,) = (tmp_path / "device").glob("lib/python*/site-packages")
    theirs = {
        "onnxruntime/__init__.py": "__version__ = '1.99.0'  # the GPU's\n",
        "onnxruntime_gpu-1.99.0.dist-info/METADATA": (
            "Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: 1.99.0\n"
        ),
        "onnxruntime_gpu-1.99.0.dist-info/RECORD": "onnxruntime/__init__.py,,\n",
    }
    for name, text in theirs.items():
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text(text)
    python = tmp_path / "device" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index"]
    words = ["--no-deps", str(wheel)]
    assert words[0] in PAGE.read_text(encoding="utf-8")
    done = leaving.run([*pip, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {name: (site / name).read_text() for name in theirs} == theirs
    code = (
        "import importlib.metadata as m, json\n"
        "print(json.dumps(sorted(d.name for d in m.distributions())))\n"
    )
    listed = leaving.run(
        [str(python), "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert json.loads(listed.stdout) == ["edgehuman", "onnxruntime-gpu"]
