"""This installation: what installs a module that is missing, and how Python is started in it.

    raise not_installed("torch", "training")
    subprocess.run(module_line("edgehuman.bench.latency", *words))

edgehuman is not on PyPI yet, so `pip install 'edgehuman[train]'` works only where edgehuman is
installed already; from a checkout, its own folder is named. That is decided here alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from edgehuman.errors import MissingDependencyError

VERSION = "0.1.0"
"""Of the package, of the cards that it writes, of the release that it fetches models from."""

PUBLISHED = False
"""Whether edgehuman is on PyPI."""
CHECKOUT = Path(__file__).resolve().parents[1]

# Module -> its distribution and the extra that brings it; "": edgehuman itself needs it.
_MODULES: Mapping[str, tuple[str, str]] = {
    "numpy": ("numpy", ""),
    "scipy": ("scipy", "train"),
    "cv2": ("opencv-python", ""),
    "onnxruntime": ("onnxruntime", ""),
    "tqdm": ("tqdm", ""),
    "tyro": ("tyro", ""),
    "tomli": ("tomli", ""),
    "matplotlib": ("matplotlib", "plot"),
    "torch": ("torch", "train"),
    "onnx": ("onnx", "train"),
    "onnxscript": ("onnxscript", "train"),
    "safetensors": ("safetensors", "train"),
    "sklearn": ("scikit-learn", "train"),
    "tomli_w": ("tomli-w", "train"),
    "webdataset": ("webdataset", "train"),
    "pycocotools": ("pycocotools", "train"),
    "cryptography": ("cryptography", "sign"),
    "starlette": ("starlette", "serve"),
    "uvicorn": ("uvicorn", "serve"),
    "wsproto": ("wsproto", "serve"),
    "paho": ("paho-mqtt", "mqtt"),
    "serial": ("pyserial", "serial"),
    "rtmlib": ("rtmlib", "pose"),
    "mediapipe": ("mediapipe", "pose"),
    "submitit": ("submitit", "slurm"),
    "tokenizers": ("tokenizers", "words"),
    "torch_pruning": ("torch-pruning", "prune"),
    "tensorboard": ("tensorboard", "tensorboard"),
    "tensorrt": ("tensorrt", "tensorrt"),
    "cuda": ("cuda-python", "tensorrt"),
    "torch_tensorrt": ("torch-tensorrt", "torch-tensorrt"),
    "tensorrt_rtx": ("tensorrt-rtx", "tensorrt-rtx"),
}
# Before it only `sys` is imported, which no file can stand for: Python puts the current folder
# first, and -P, which leaves it out, came with 3.11.
_FROM_HERE = "import sys; n = int(sys.argv[1]) + 2; sys.path[:] = sys.argv[2:n]; del sys.argv[1:n]"


def extra_of(module: str) -> str:
    """The extra that brings a module; "" where edgehuman itself needs it or nothing does."""
    return _MODULES.get(module.partition(".")[0], ("", ""))[1]


def requirement(*extras: str) -> str:
    """edgehuman with these extras, as pip takes it today: "-e '.[train]'"."""
    names = f"[{','.join(extras)}]" if extras else ""
    if PUBLISHED or not (CHECKOUT / "pyproject.toml").is_file():
        return f"'edgehuman{names}'"
    place = "." if Path.cwd() == CHECKOUT else CHECKOUT
    return f"-e '{place}{names}'"


def pip_line(*extras: str) -> str:
    """The command that installs edgehuman with these extras today."""
    return f"pip install {requirement(*extras)}"


def fix_for(module: str) -> str:
    """The command that installs a module: "pip install -e '.[train]'"."""
    top = module.partition(".")[0]
    distribution, extra = _MODULES.get(top, (top, ""))
    return pip_line(extra) if extra else f"pip install {distribution}"


def not_installed(module: str, purpose: str = "", extra: str = "") -> MissingDependencyError:
    """The error for a missing module: what it is for, what brings it, and the command.

    Args:
        module: as it is imported; of "onnx.helper" the package counts.
        purpose: what needs it: "a picture".
        extra: the one that brings it for this purpose, where several do.
    """
    top = module.partition(".")[0]
    distribution, usual = _MODULES.get(top, (top, ""))
    extra = extra or usual
    needs = f"{purpose} needs {top}, which" if purpose else top
    if extra:
        brings = f"the extra `{extra}` brings it"
    elif top in _MODULES:
        brings = f"edgehuman itself needs it ({distribution})"
    else:
        brings = "no extra of edgehuman brings it"
    fix = pip_line(extra) if extra else fix_for(top)
    return MissingDependencyError(f"{needs} is not installed; {brings}; run: {fix}")


def code_line(code: str, *words: str) -> list[str]:
    """The command that runs code in another Python process, which imports what this one does.

    Nothing is imported from the current folder, which may hold an `edgehuman/` of somebody's,
    unless this process was started so.
    """
    # An editable installation has entries that are no folders.
    kept = [each for each in sys.path if os.path.isabs(each) or each.startswith("__editable__")]
    if str(CHECKOUT) not in kept:
        kept.append(str(CHECKOUT))  # it was found by a relative place
    return [sys.executable, "-c", f"{_FROM_HERE}\n{code}", str(len(kept)), *kept, *words]


def module_line(module: str, *words: str) -> list[str]:
    """The command that runs a module in another process, as `python -m`; see `code_line`."""
    run = f"import runpy; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    return code_line(run, *words)
