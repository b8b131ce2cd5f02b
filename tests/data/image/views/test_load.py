"""Batches of views: the same whoever makes them; corrupt photos counted; workers that leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.image.unlabelled.images import open_images
from edgehuman.data.image.views.load import ViewConfig, ViewLoader, Views
from edgehuman.data.image.views.order import Filler
from edgehuman.errors import DataError, UsageError
from edgehuman.records import Uint8
from tests import leaving
from tests.data.pictures import cut_short, photos, picture
from tests.leaving import start

SMALL = ViewConfig(height=32, width=16, num_locals=2)


class Drawn:
    """Images that no file holds."""

    source = "drawn"
    simulated_N = np.ones(3, np.bool_)

    def __len__(self) -> int:
        return 3

    def name(self, index: int) -> str:
        return str(index)

    def encoded(self, index: int) -> None:
        return None

    def read(self, index: int) -> Uint8:
        return picture(index)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return photos(tmp_path / "photos", 7)


def loader(folder: Path, workers: int = 0, batch: int = 4, **more: int) -> ViewLoader:
    return ViewLoader(open_images(folder), SMALL, batch, workers, **more)


def same(one: Views, other: Views) -> bool:
    return (
        np.array_equal(one.global_NVHWC, other.global_NVHWC)
        and np.array_equal(one.local_NVHWC, other.local_NVHWC)
        and np.array_equal(one.index_N, other.index_N)
        and np.array_equal(one.number_N, other.number_N)
    )


def alive(number: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone(numbers: list[int], within_s: float = 20.0) -> bool:
    end_s = time.monotonic() + within_s
    while any(map(alive, numbers)) and time.monotonic() < end_s:
        time.sleep(0.02)
    return not any(map(alive, numbers))


def test_the_paper_s_views_by_default(folder: Path) -> None:
    views = ViewLoader(open_images(folder), batch=2).batch(0)
    assert views.global_NVHWC.shape == (2, 2, 256, 128, 3)
    assert views.local_NVHWC.shape == (2, 8, 128, 64, 3)
    assert views.global_NVHWC.dtype == views.local_NVHWC.dtype == np.uint8


def test_a_step_follows_from_seed_and_step(folder: Path) -> None:
    here = loader(folder, seed=5)
    third = here.batch(3)
    assert same(third, here.batch(3))
    assert same(third, loader(folder, seed=5).batch(3))
    assert not same(third, here.batch(4))
    assert not same(third, loader(folder, seed=6).batch(3))


@pytest.mark.parametrize("draws", [0, 2])
def test_it_does_not_matter_who_makes_it(folder: Path, draws: int) -> None:
    cut_short(folder / "002.jpg")
    alone = loader(folder, draws=draws)
    with (
        loader(folder, workers=1, draws=draws) as one,
        loader(folder, workers=3, ahead=3, draws=draws) as three,
    ):
        # In order, again from the start as after a resume, and out of order.
        for step in (0, 1, 2, 3, 1, 2, 9):
            wanted = alone.batch(step)
            assert same(wanted, one.batch(step))
            assert same(wanted, three.batch(step))
        assert alone.corrupt == one.corrupt == three.corrupt


def test_what_was_given_is_not_written_to_later(folder: Path) -> None:
    with loader(folder, workers=1) as made:
        first = made.batch(0)
        kept = first.global_NVHWC.copy()
        for step in range(1, 5):
            made.batch(step)
        assert np.array_equal(first.global_NVHWC, kept)


def test_every_epoch_shows_every_photo_once(folder: Path) -> None:
    taken = np.concatenate([loader(folder).batch(step).index_N for step in range(7)])
    for epoch in range(4):
        assert sorted(taken[7 * epoch : 7 * epoch + 7].tolist()) == list(range(7))
    assert taken[:7].tolist() != taken[7:14].tolist()


def test_processes_that_train_together_share_an_epoch_out(folder: Path) -> None:
    both = [loader(folder, batch=1, rank=rank, world=7).batch(0).index_N for rank in range(7)]
    assert sorted(int(index_N[0]) for index_N in both) == list(range(7))


def test_a_photo_sees_other_draws_in_another_row(folder: Path) -> None:
    only = loader(photos(folder / "one", 1) / "000.jpg", batch=2)
    views = only.batch(0)
    assert views.index_N.tolist() == [0, 0]
    assert not np.array_equal(views.global_NVHWC[0], views.global_NVHWC[1])


@pytest.mark.parametrize("workers", [0, 2])
def test_corrupt_photos_are_counted_and_the_next_take_their_place(
    folder: Path, workers: int
) -> None:
    for name in ("003.jpg", "004.jpg"):
        cut_short(folder / name)
    wanted = Filler(open_images(folder), SMALL, 7, 0).wanted(0, range(7))
    with loader(folder, workers, batch=7) as made:
        index_N = made.batch(0).index_N
        assert sorted(made.corrupt) == [3, 4]
        assert "cut short" in made.corrupt[3]
    swapped = {3: 5, 4: 5}
    assert index_N.tolist() == [swapped.get(i, i) for i in wanted.tolist()]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_source_of_nothing_but_damage(folder: Path, workers: int) -> None:
    for path in folder.iterdir():
        cut_short(path)
    with (
        loader(folder, workers) as made,
        pytest.raises(DataError, match=r"7 images in a row cannot be read; the first: .*cut short"),
    ):
        made.batch(0)


def test_images_that_are_drawn_need_no_file() -> None:
    with ViewLoader(Drawn(), SMALL, 2, workers=1) as made:
        assert same(made.batch(0), ViewLoader(Drawn(), SMALL, 2).batch(0))


def test_workers_leave_when_the_loader_is_closed_or_forgotten(folder: Path) -> None:
    first, second = loader(folder, workers=2), loader(folder, workers=1)
    numbers = [*first.process_ids, *second.process_ids]
    assert len(numbers) == 3
    first.batch(0)
    first.close()
    first.close()
    second.batch(0)
    del second
    assert gone(numbers, within_s=0.0)


def test_a_worker_that_dies_is_an_error_and_not_a_wait(folder: Path) -> None:
    with loader(folder, workers=2) as made:
        made.batch(0)
        os.kill(made.process_ids[1], signal.SIGKILL)
        with pytest.raises(DataError, match=r"a view worker died \(exit code -9\).*fewer workers"):
            list(map(made.batch, range(1, 5)))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_leave_with_the_trainer_however_it_ends(folder: Path, how: signal.Signals) -> None:
    code = (
        "import signal, sys\n"
        # A shell starts its background jobs deaf to SIGINT, and children inherit that.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from edgehuman.data.image.unlabelled.images import open_images\n"
        "from edgehuman.data.image.views.load import ViewConfig, ViewLoader\n"
        "made = ViewLoader(open_images(sys.argv[1]), ViewConfig(), 64, workers=2)\n"
        "made.batch(0)\n"
        "print(*made.process_ids, flush=True)\n"
        "for step in range(1, 1_000_000): made.batch(step)\n"
    )
    trainer = start(
        [sys.executable, "-c", code, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert trainer.stdout is not None
    numbers = [int(word) for word in trainer.stdout.readline().split()]
    assert len(numbers) == 2
    os.killpg(trainer.pid, how)  # as Ctrl-C does, which reaches the whole group
    said = trainer.communicate(timeout=30)[1]
    assert trainer.returncode != 0
    assert gone(numbers)
    assert said.count("Traceback") == (1 if how == signal.SIGINT else 0)


def test_nothing_heavy_is_loaded_in_a_worker() -> None:
    code = (
        "import sys, edgehuman.data.image.views.workers\n"
        "print([n for n in ('torch', 'webdataset', 'scipy', 'onnxruntime') if n in sys.modules])"
    )
    done = leaving.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["batch", "workers", "seed", "ahead"])
def test_a_number_out_of_range_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is -1; it must be at least"):
        loader(folder, **{name: -1})
