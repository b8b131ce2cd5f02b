"""Every command of the installed wheel, as somebody types it who has no clone and no PyTorch.

    python -m tests.whole.every_command FOLDER MODELS

Runs the lines below in a new folder, those of one paragraph in their order. A command of
`edgehuman help` without a line fails the run, so that a new one is not forgotten. What needs
training has to say, in one line, which extra brings what is missing, and leave no file. MODELS is a
folder of what `zoo get` fetches. `.ci/versions` runs this on the oldest and on the newest versions.
"""

from __future__ import annotations

import functools
import http.server
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgehuman import cli
from edgehuman.bench.scale.points import POINTS, Point, write_points
from edgehuman.install import CHECKOUT
from edgehuman.runtime.fetch import ADDRESS_KEY
from edgehuman.runtime.zoo import FETCHED, zoo_file
from tests import leaving
from tests.data import conftest as published

WORKS = """
-V
help
help run
doctor
models
completion bash
completion zsh
completion fish
info zoo:activity
info zoo:activity-int8 --json
info zoo:gait-skeleton
demo --seconds 45 --speed 0 --no-open

data simulate --kind people --people 2 --each 2 --out people
data simulate --kind frames --frames 2 --labels garments --out crowds
data check people
zoo get person-garments
zoo get person-garments-fp16
zoo get person-detector
zoo get person-detector-fp16
zoo get person-pose
zoo get person-pose-fp16
zoo get person-silhouette
zoo get person-silhouette-fp16
info zoo:person-garments
run zoo:person-garments --source people --save pictures
run zoo:person-detector --source people
run zoo:person-detector-int8 --source people --json
run zoo:person-detector-fp16 --source people --json
run zoo:person-pose --source people --save joints
run zoo:person-pose-int8 --source people --json
run zoo:person-pose-fp16 --source people --detector none --json
run zoo:person-silhouette --source people --save outlines
run zoo:person-silhouette-int8 --source people --json
run zoo:person-silhouette-fp16 --source people --detector none --json
run zoo:person-garments-fp16 --source people --json
run zoo:person-garments-int8 --source people --json
evaluate zoo:person-garments-int8 --data people --split all

data list
data simulate --people 2 --minutes 1 --out recordings
run zoo:activity --source recordings/simulated_waist_01.csv --timeline day.png
run zoo:activity-int8 --source simulated --seconds 10 --json
run zoo:activity --source simulated --seconds 20 --save first.jsonl --record day --metrics run.prom
run zoo:activity --source day --save again.jsonl
diff first.jsonl again.jsonl
adapt zoo:activity --data recordings/simulated_waist_01.csv --out anna.onnx
keys new factory
sign anna.onnx --key factory.pem
verify anna.onnx --key factory.pub.pem
seal anna.onnx
info anna.onnx --bom --out anna.cdx.json
run anna.onnx --source simulated --seconds 3 --trusted-key factory.pub.pem
data convert hapt_raw --out hapt_raw.npz
data export hapt_raw.npz --subject 2 --out exported
data convert uci_har --out uci_har.npz
evaluate zoo:activity --data uci_har.npz
bench zoo:activity zoo:activity-int8 --rounds 2 --out measured --save device.json
plan --device device.json --budget-ms 50 --out planned
scale fit swept --json
scale plot swept --out figures
plan --device cpu --budget-ms 50 --task activity --rounds 2 --json

data simulate --kind skeletons --people 2 --out walks
data simulate --kind silhouettes --people 1 --out silhouettes
data check walks
data convert walks/poses/000000.jsonl --out poses.jsonl
run zoo:gait-skeleton --source simulated --seconds 3
run zoo:gait-skeleton-fp16 --source simulated --seconds 3 --json
run zoo:gait-skeleton-int8 --source simulated --seconds 3 --json
gallery enroll zoo:gait-skeleton --source simulated --track walker-0 --name ANNA --gallery k.npz
gallery identify zoo:gait-skeleton --source simulated --gallery k.npz
gallery list k.npz
gallery convert k.npz --out p.g
gallery forget k.npz --name ANNA
gallery key --out s
gallery rekey p.g --new-key s
gallery enroll zoo:gait-skeleton --source simulated --track walker-1 --name B --key s --gallery p.g
gallery identify zoo:gait-skeleton --source simulated --key s --gallery p.g
gallery list p.g --key s
gallery show p.g --name ANNA --key s
gallery export p.g --name ANNA --key s --out anna.json
gallery threshold p.g --key s
gallery verify p.g --key s
gallery audit p.g --key s
gallery forget p.g --name ANNA --key s
run zoo:gait-silhouette --source silhouettes
run zoo:gait-silhouette-int8 --source silhouettes --json
"""
NEEDS_TRAINING = """
data pack photos --out shards
pretrain --data hapt_raw --out encoder
import weights.safetensors --source timm --arch vit_tiny --out imported
finetune --task activity --data uci_har --out tuned
finetune --task text-reid --data people --out sentences
scale run sweep.toml --out sweep
distill --teacher zoo:activity --student imuconv_288k --data uci_har --out student
prune mypackage.nets:MyNet --out narrow
export imuconv_288k --out network.onnx
run imuconv_288k --source simulated --seconds 3
"""
# No model that ships knows sentences.
NEEDS_ITS_MODEL = """
data simulate --kind people --people 1 --each 1 --out searched
search "a red coat" --photos searched --model zoo:person-garments-int8
search "a red coat" --recording door.mp4 --model zoo:person-garments-int8
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One command and whether it has to work; otherwise its last words have to hold `needs`."""

    words: tuple[str, ...]
    works: bool
    needs: str = "'edgehuman[train]'"

    @property
    def command(self) -> str:
        """Its name in `edgehuman help`: one word or two."""
        two = " ".join(self.words[:2])
        return two if two in cli.COMMANDS else self.words[0]


PARAGRAPHS = [
    [Line(tuple(shlex.split(line)), text is WORKS) for line in paragraph.strip().splitlines()]
    for text in (WORKS, NEEDS_TRAINING)
    for paragraph in text.split("\n\n")
]
PARAGRAPHS.append(
    [
        Line(tuple(shlex.split(line)), line.startswith("data"), "finetune --task text-reid`")
        for line in NEEDS_ITS_MODEL.strip().splitlines()
    ]
)
LINES = [line for paragraph in PARAGRAPHS for line in paragraph]


def forgotten(lines: Iterable[Line] = LINES) -> set[str]:
    """The commands that no line runs."""
    return {*cli.COMMANDS, "help", "-V"} - {line.command for line in lines}


def wrong(line: Line, done: subprocess.CompletedProcess[str]) -> str:
    """What is wrong with the result of a line; "" where nothing is."""
    if "Traceback" in done.stderr or "Warning" in done.stderr:
        return done.stderr
    if line.works:
        silent = not done.stdout.strip()
        return f"exit code {done.returncode}: {done.stderr}" if done.returncode or silent else ""
    last = done.stderr.strip().rpartition("\n")[2]
    told = done.returncode == 1 and last.startswith("edgehuman: ") and line.needs in last
    return "" if told else f"exit code {done.returncode}; {line.needs} is not named: {done.stderr}"


@contextmanager
def release(files: Path) -> Iterator[str]:
    """The address of a server of the files that a release brings."""
    handler = functools.partial(Quiet, directory=str(files))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def run_paragraph(lines: Iterable[Line], folder: Path, environment: dict[str, str]) -> list[str]:
    """Run lines in the folder; what was wrong, line by line."""
    program = Path(sys.executable).with_name("edgehuman")
    found = []
    for line in lines:
        done = leaving.run(
            [program, *line.words],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        made = not line.works and "--out" in line.words and (folder / line.words[-1]).exists()
        if said := wrong(line, done) or (f"it wrote {line.words[-1]}" if made else ""):
            found.append(f"edgehuman {shlex.join(line.words)}: {said.strip()}")
    return found


def run_all(folder: Path, files: Path) -> list[str]:
    """Run every line, two paragraphs at a time; what was wrong.

    Args:
        files: where the models that `zoo get` fetches are.
    """
    published.uci_har(folder / "uci_har")
    published.hapt(folder / "hapt_raw")
    (folder / "photos").mkdir()
    write_points(
        folder / "swept" / POINTS,
        [
            Point(
                str(n), "mae", "imuvit_64x2", "random", 2.0**-n, loss=1 + 0.1 * n, items=1000 / 2**n
            )
            for n in range(5)
        ],
    )
    known = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with release(files) as address, ThreadPoolExecutor(2) as two:
        environment = {**known, ADDRESS_KEY: address}
        jobs = [two.submit(run_paragraph, each, folder, environment) for each in PARAGRAPHS]
        return [said for job in jobs for said in job.result()]


def main(folder: Path, files: Path) -> int:
    """The exit code: 1 where a line is wrong or a command has none."""
    assert not (CHECKOUT / "pyproject.toml").exists(), f"{CHECKOUT} is no installed wheel"
    folder.mkdir(parents=True)
    found = [f"no line runs `edgehuman {name}`" for name in sorted(forgotten())]
    found += run_all(folder, files)
    found += [f"zoo:{name} was not fetched" for name in FETCHED if not zoo_file(f"zoo:{name}")]
    print("\n".join([*found, f"{len(LINES)} commands, {len(found)} wrong"]))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
