"""Commands of a sweep's cells without a training: a folder and an outcome as one leaves them.

What a cell does is chosen by its seed: 7 ends with a loss that is no number as long as its learning
rate is 1e-3, 8 fails, 9 stops at once as if by a signal, saved, and goes on when resumed. A file
`slow` in its folder keeps a command running until it is told to end, or the file is gone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

COMMAND = """
import json, os, signal, sys, time
words = sys.argv[1:]
def flag(name, otherwise=""):
    return words[words.index(name) + 1] if name in words else otherwise
out, seed = flag("--out"), int(flag("--seed", "0"))
os.makedirs(out, exist_ok=True)
top = os.path.dirname(out)
with open(os.path.join(top, "ran.txt"), "a") as ran:
    ran.write(" ".join(words) + "\\n")
def say(**data):
    print(json.dumps(data))
if seed == 8:
    sys.exit("edgehuman: the disk is full")
if seed == 7 and float(flag("--lr", "1e-3")) >= 1e-3:
    sys.exit("edgehuman: step 3: no finite loss in 10 consecutive steps")
if words[0] == "finetune":
    say(finished=True, metrics={"macro_f1": 0.75, "accuracy": 0.8})
    sys.exit(0)
def leave(*_):
    open(os.path.join(out, "state.pt"), "w").close()
    say(finished=False)
    sys.exit(1)
signal.signal(signal.SIGTERM, leave)
if os.path.exists(os.path.join(top, "slow")):
    open(os.path.join(top, "begun"), "w").close()
while os.path.exists(os.path.join(top, "slow")):
    time.sleep(0.01)
if seed == 9 and "--resume" not in words:
    leave()
header = {"embed.weight": [48, 16], "position_SD": [2, 16], "blocks.0.weight": [16, 16]}
text, at = {}, 0
for name, shape in header.items():
    size = 4 * shape[0] * shape[1]
    text[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
    at += size
head = json.dumps(text).encode()
with open(os.path.join(out, "model.safetensors"), "wb") as file:
    file.write(len(head).to_bytes(8, "little") + head + bytes(at))
with open(os.path.join(out, "metrics.jsonl"), "w") as file:
    file.write('{"step": 0, "flops_per_step": 1000}\\n')
    for step in range(20):
        file.write(json.dumps({"step": step, "samples_per_s": 640.0}) + "\\n")
share = float(flag("--subset", "1"))
loss = 2 * share ** -0.05 * (3 if seed == 6 else 1)
say(finished=True, steps=int(flag("--steps")), test_loss=loss, loss=1.0, people=80 * share,
    hours=10.0, windows=1000, simulated=False)
"""
"""As `cells._COMMAND`."""


def without_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let cells run the above in the place of `edgehuman`."""
    monkeypatch.setattr("edgehuman.bench.scale.cells._COMMAND", COMMAND)


def sweep_file(folder: Path, grid: str, more: str = "") -> Path:
    """A sweep of masked autoencodings with this grid."""
    path = folder / "sweep.toml"
    path.write_text(
        'method = "mae"\n[fixed]\ndata = ["simulated"]\nsteps = 20\nthreads = 1\nbatch = 64\n'
        f'arch = "imuvit_64x2"\n{more}\n[grid]\n{grid}\n'
    )
    return path


def ran(folder: Path) -> list[str]:
    """The lines of the commands that ran in the cells of a folder."""
    paths = sorted(folder.glob("cells/*/ran.txt"))
    return [line for path in paths for line in path.read_text().splitlines()]
