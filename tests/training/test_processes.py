"""Process number, device and precision."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from edgehuman.errors import UsageError
from edgehuman.training.checkpoint import writing_alone
from edgehuman.training.loop import train_steps
from edgehuman.training.processes import Place, open_place
from edgehuman.training.settings import alone, process_rank, set_number, world_size
from tests.training.toy import line_config, line_job


def test_one_process_alone_is_the_first_of_one(tmp_path: Path) -> None:
    with open_place(line_config(tmp_path, device="cpu")) as place:
        assert (place.device.type, place.rank, place.world) == ("cpu", 0, 1)
        assert place.is_first
        assert torch.get_num_threads() == 1
    assert world_size() == 1
    assert not Place(torch.device("cpu"), 1, 2, torch.float32).is_first


@pytest.mark.parametrize(
    ("autocast", "dtype"),
    [("auto", torch.float32), ("off", torch.float32), ("bf16", torch.bfloat16)],
)
def test_a_cpu_uses_float32_unless_bfloat16_is_set(
    autocast: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    with open_place(line_config(tmp_path, device="cpu", autocast=autocast)) as place:
        assert place.dtype is dtype
        with place.autocast():
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        assert product.dtype is dtype


def test_float16_on_a_cpu_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--autocast is fp16 on a CPU; float16 needs a GPU"):
        train_steps(line_job(), line_config(tmp_path, device="cpu", autocast="fp16"))


def test_a_missing_gpu_is_an_error(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(UsageError, match="--device is cuda but torch finds no CUDA device"):
        train_steps(line_job(), line_config(tmp_path, device="cuda"))


def test_torchrun_sets_the_world_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert world_size() == 4


def test_a_rank_without_a_world_size_is_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    assert process_rank() == 0
    with open_place(line_config(tmp_path, device="cpu")) as place:
        assert place.is_first
    with writing_alone(tmp_path), pytest.raises(UsageError, match="is training there"):
        writing_alone(tmp_path).__enter__()
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert process_rank() == 1
    with alone():
        assert (process_rank(), world_size()) == (0, 1)
    assert (process_rank(), world_size()) == (1, 2)


def test_openmp_limit_below_threads_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")
    with open_place(line_config(tmp_path, device="cpu", threads=2)):
        assert torch.get_num_threads() == 1


@pytest.mark.parametrize("said", ["x", "-1", "1.5", "²", "9" * 20])
@pytest.mark.parametrize("name", ["RANK", "WORLD_SIZE", "LOCAL_RANK", "OMP_THREAD_LIMIT"])
def test_a_number_of_the_environment_that_is_none_is_told(
    name: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, said)
    with pytest.raises(UsageError, match=f"{name} is .*; it is a number from . on"):
        set_number(name, 1)
    monkeypatch.setenv(name, "")
    assert set_number(name, 7) == 7


def test_a_training_with_a_wrong_rank_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "x")
    with pytest.raises(UsageError, match="RANK is 'x'"), writing_alone(tmp_path):
        pass
