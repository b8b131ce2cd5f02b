"""Deploy to a Jetson: make the bundle anywhere, run its engine there, the ONNX where there is none.

    python examples/jetson.py bundle --model zoo:activity --out bundle         on any machine
    scp -r bundle examples/jetson.py jetson:  &&  ssh jetson "cd bundle && python3 build.py"
    python3 jetson.py run bundle --source udp://:5555                          on the Jetson

The engine belongs to the GPU and the TensorRT that built it, so it is built there. `run` needs the
device half of edgehuman alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import edgehuman
from edgehuman.errors import EdgehumanError


def make_bundle(model: str, out: Path) -> Path:
    """Write the folder that a Jetson builds from: ONNX, card, build.py. Needs `edgehuman[train]`
    only for a checkpoint folder.
    """
    from edgehuman.cli import main as edgehuman_command

    words = ["export", model, "--format", "tensorrt", "--on-device", "--out", str(out)]
    if code := edgehuman_command(words):
        raise SystemExit(code)
    return out


def open_model(bundle: Path) -> edgehuman.Model:
    """The engine if it was built and runs here; otherwise its ONNX on the CPU, and why."""
    (onnx,) = bundle.glob("*.onnx")
    for engine in bundle.glob("*.engine"):
        try:
            return edgehuman.load(str(engine))
        except EdgehumanError as error:
            print(f"{engine} does not run here: {error}")
    print(f"running {onnx} on the CPU")
    return edgehuman.load(str(onnx))


def run(bundle: Path, source: str, seconds: float | None) -> int:
    """Recognise a stream; returns the number of answers."""
    stream = edgehuman.stream(open_model(bundle), source, seconds=seconds)
    for result in stream:
        print(f"{result.t_s:6.2f} s  {result.label:<20}{result.latency_ms:7.1f} ms")
    return int(stream.close()["windows"])


def main(words: Sequence[str] | None = None) -> None:
    """Make the bundle, or run what is in it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    steps = parser.add_subparsers(dest="step", required=True)
    bundle = steps.add_parser("bundle")
    bundle.add_argument("--model", default="zoo:activity")
    bundle.add_argument("--out", type=Path, default=Path("bundle"))
    live = steps.add_parser("run")
    live.add_argument("bundle", type=Path)
    live.add_argument("--source", default="simulated")
    live.add_argument("--seconds", type=float)
    given = parser.parse_args(words)
    if given.step == "bundle":
        print(f"{make_bundle(given.model, given.out)}: copy it to the Jetson, run build.py there")
    else:
        run(given.bundle, given.source, given.seconds)


if __name__ == "__main__":
    main()
