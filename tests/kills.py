"""Writers killed at any moment: `make kill`, and a short version in the tests.

    python -m tests.kills gallery 200
    python -m tests.kills store 200
    python -m tests.kills checkpoints 200

A writer is forked, says what it has written, and is killed at a random moment. What it said has to
be there, whole; the next one goes on from it. At the end nothing is left beside the file, and the
training that was killed so often has the weights of one that never was, bit for bit.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import random
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.leaving import die_with_parent

_LONGEST_S = 0.15
_FIRST_S = 60.0
# A store is begun anew after so many kills: an enrolment reads all that were before.
_KILLS_OF_A_STORE = 25


def killed(write: Callable[[Callable[[int], None]], None], after_s: float) -> list[int]:
    """Run a writer in a process of its own, and kill it some time after its first word.

    Returns:
        The numbers that it said before the kill.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        die_with_parent()
        os.close(reading)
        try:
            write(lambda number: _say(writing, number))
        finally:
            os._exit(1)  # it has to be killed
    os.close(writing)
    try:
        assert select.select([reading], [], [], _FIRST_S)[0], "it wrote nothing"
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        assert os.WIFSIGNALED(status), f"it ended by itself: {status}"
        with os.fdopen(reading, "rb", closefd=False) as stream:
            said = stream.read().decode().split()
    finally:
        os.close(reading)
    return [int(number) for number in said]


def _say(pipe: int, number: int) -> None:
    os.write(pipe, f"{number}\n".encode())


def kill_gallery(times: int, folder: Path, chance: random.Random) -> str:
    """Kill programs that enrol; raises AssertionError if one enrolment that was said is lost."""
    from edgehuman.runtime.gallery import (
        empty_gallery,
        read_gallery,
        update_gallery,
        write_gallery,
    )
    from tests.runtime.gallery.made import gait_card, vector

    path, said = folder / "known.npz", 0
    write_gallery(path, empty_gallery(gait_card()))

    def enrol(say: Callable[[int], None]) -> None:
        number = len(read_gallery(path))
        while True:
            number += 1
            name = f"N{number}"
            update_gallery(path, lambda old, n=name: old.enrol(n, n, vector(1, 2)))  # type: ignore[misc]
            say(number)

    for _ in range(times):
        numbers = killed(enrol, chance.uniform(0, _LONGEST_S))
        assert path.stat().st_mode & 0o777 == 0o600
        walks = set(read_gallery(path).walk_G)
        lost = [number for number in numbers if f"N{number}" not in walks]
        assert not lost, f"lost: {lost}"
        said += len(numbers)
    update_gallery(path, lambda old: old.enrol("LAST", "last", vector(1, 2)))
    left = sorted(each.name for each in folder.iterdir())
    assert left == ["known.npz"], f"leftovers: {left}"
    return f"{times} kills, {said} enrolments said, none lost, nothing left beside the gallery"


def kill_store(times: int, folder: Path, chance: random.Random) -> str:
    """Kill programs that enrol in an encrypted gallery; raises AssertionError if an enrolment that
    was said is lost, the file is not whole, or its log does not hold.
    """
    from edgehuman.runtime.gallery import read_gallery, update_gallery
    from edgehuman.runtime.gallery.key import GalleryKeyConfig, key
    from edgehuman.runtime.gallery.verify import VerifyGalleryConfig, verify
    from tests.runtime.gallery.made import gait_card, vector

    secret, said = folder / "known.key", 0
    key(GalleryKeyConfig(out=secret))
    # Before the forks: what the first change imports takes longer than many changes.
    update_gallery(folder / "first.gallery", lambda old: old, gait_card(), key=secret)

    for number in range(times):
        path = folder / f"known-{number // _KILLS_OF_A_STORE}.gallery"

        def enrol(say: Callable[[int], None], path: Path = path) -> None:
            number = len(read_gallery(path, secret)) if path.exists() else 0
            while True:
                number += 1
                name = f"N{number}"
                enrolled = lambda old, n=name: old.enrol(n, n, vector(1, 2))  # noqa: E731
                update_gallery(path, enrolled, gait_card(), lambda said: None, secret)
                say(number)

        numbers = killed(enrol, chance.uniform(0, _LONGEST_S / 10))
        found = read_gallery(path, secret)
        lost = [number for number in numbers if f"N{number}" not in found.walk_G]
        assert not lost, f"lost: {lost}"
        modes = {each.name: each.stat().st_mode & 0o77 for each in folder.iterdir()}
        assert not any(modes.values()), f"others may read {modes}"
        said += len(numbers)
    for path in folder.glob("*.gallery"):
        update_gallery(path, lambda old: old.enrol("LAST", "last", vector(1, 2)), key=secret)
        checked = verify(VerifyGalleryConfig(gallery=path, key=secret))
        assert not checked.exit_code, checked.text
    left = sorted(each.name for each in folder.iterdir() if each.suffix not in (".gallery", ".key"))
    assert not left, f"leftovers: {left}"
    return f"{times} kills, {said} enrolments said, none lost, the logs hold, nothing left"


def kill_checkpoints(times: int, folder: Path, chance: random.Random) -> str:
    """Kill trainings that save every step; raises AssertionError if one does not go on."""
    import torch
    from safetensors.torch import load_file

    from edgehuman.training import checkpoint
    from edgehuman.training.loop import train_steps
    from tests.training.toy import line_config, line_job

    # Before the forks: what PyTorch imports at the first training takes longer than all of them.
    train_steps(line_job(), line_config(folder / "warm", steps=1))
    out, most, said = folder / "killed", 100_000, 0
    save = checkpoint.save_metrics

    def train(say: Callable[[int], None]) -> None:
        def saved(folder: Path, records: list[dict[str, float]]) -> None:
            save(folder, records)
            if records:
                say(int(records[-1]["step"]))

        checkpoint.save_metrics = saved  # type: ignore[assignment]
        config = line_config(out, steps=most, save_every=1, log_every=1, ema=0.5)
        train_steps(line_job(), dataclasses.replace(config, resume=(out / "state.pt").exists()))

    for _ in range(times):
        numbers = killed(train, chance.uniform(0, _LONGEST_S))
        state = checkpoint.load_state(out)
        assert state["step"] >= max(numbers), f"step {max(numbers)} was said, {state['step']} kept"
        weights = load_file(out / "model.safetensors")
        assert all(tensor.isfinite().all() for tensor in weights.values())
        said += len(numbers)
    steps = checkpoint.load_state(out)["step"] + 1
    given = {"save_every": steps, "log_every": 1, "ema": 0.5}
    # The learning rate depends on the number of steps, so both end as one of `most` steps.
    for place, resume in ((out, True), (folder / "whole", False)):
        job = line_job()
        config = line_config(place, steps=most, resume=resume, **given)

        def stop(step: int) -> None:
            if step == steps - 1:
                os.kill(os.getpid(), signal.SIGTERM)

        assert train_steps(dataclasses.replace(job, after_step=stop), config).step == steps
    one, other = (load_file(place / "model.safetensors") for place in (out, folder / "whole"))
    assert all(torch.equal(one[name], other[name]) for name in one), "the weights differ"
    left = sorted(each.name for each in out.glob(".*"))
    assert not left, f"leftovers: {left}"
    return f"{times} kills, {said} checkpoints said, step {steps} equals a run without any kill"


LOOPS = {"gallery": kill_gallery, "store": kill_store, "checkpoints": kill_checkpoints}


def _kills(word: str) -> int:
    times = int(word)
    if times < 1:
        raise argparse.ArgumentTypeError("a number of kills from 1 on")
    return times


def main(words: list[str]) -> None:
    """Run a loop: its name, the number of kills, and the seed of the moments. Wrong words end with
    code 2 and the usage.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.kills")
    parser.add_argument("name", choices=[*LOOPS])
    parser.add_argument("times", type=_kills)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    given = parser.parse_args(words)
    name, times, seed = given.name, given.times, given.seed
    begin_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        said = LOOPS[name](times, Path(folder), random.Random(seed))
    print(f"{name}: {said}; {time.monotonic() - begin_s:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
