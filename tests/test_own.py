"""Networks named by a dotted path: trained, saved, exported with parity; and what is refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edgehuman import catalogue, nets
from edgehuman.cli import main
from edgehuman.errors import MissingDependencyError, OwnCodeError, UsageError
from edgehuman.export.export import export
from edgehuman.export.networks import random_network
from edgehuman.export.words import ExportConfig
from edgehuman.nets.building import build, count_params
from edgehuman.pretrain.mae_settings import MaeConfig
from edgehuman.runtime.model import load
from edgehuman.tasks.image.settings import ParsingConfig
from edgehuman.tasks.imu.settings import ActivityConfig
from edgehuman.tasks.skeleton.settings import GaitConfig
from edgehuman.training.loop import train_steps
from edgehuman.training.train import train
from tests.in_memory import walkers
from tests.tasks.conftest import made_windows
from tests.tasks.people import made_people
from tests.training.toy import line_config, line_job

HERE = "tests.own_networks"


def test_an_own_wearable_network_trains_exports_and_passes_parity(tmp_path: Path) -> None:
    config = ActivityConfig(
        out=tmp_path / "run", arch=f"{HERE}:MyImu", steps=30, batch=16, save_every=30, lr=0.05
    )
    train(config, made_windows())
    network = nets.load(tmp_path / "run")
    assert type(network).__name__ == "MyImu"
    export(ExportConfig(str(tmp_path / "run"), out=tmp_path / "own.onnx", data="simulated"))
    model = load(str(tmp_path / "own.onnx"))
    card = model.card
    assert (card.arch, card.params) == (f"{HERE}:MyImu", count_params(network))
    assert card.flops > 0
    assert card.parity
    imu_NTC = made_windows().imu_NTC[:3]
    with torch.inference_mode():
        expected = network(torch.from_numpy(imu_NTC)).numpy()
    np.testing.assert_allclose(model.logits(imu_NTC), expected, atol=1e-4)


def test_an_own_gait_network_trains_and_keeps_its_window(tmp_path: Path) -> None:
    config = GaitConfig(
        out=tmp_path / "run", arch=f"{HERE}:MyGait", steps=3, batch=8, each=2, read_test=False
    )
    train(config, walkers())
    network = nets.load(tmp_path / "run")
    assert (type(network).__name__, network.frames) == ("MyGait", 24)
    export(ExportConfig(str(tmp_path / "run"), out=tmp_path / "own.onnx", data="simulated"))
    assert load(str(tmp_path / "own.onnx")).card.input.shape == (24, 18, 3)


@pytest.mark.slow
def test_an_own_backbone_gets_the_head_of_a_task(tmp_path: Path) -> None:
    config = ParsingConfig(
        out=tmp_path / "run",
        arch=f"{HERE}:MyBackbone",
        height=64,
        width=32,
        steps=2,
        batch=4,
        workers=0,
        read_test=False,
    )
    train(config, made_people())
    assert type(nets.load(tmp_path / "run").encoder).__name__ == "MyBackbone"
    assert catalogue.network_for(f"{HERE}:MyBackbone", "saip").family == "own"


def test_an_own_network_is_pretrained_by_the_method_that_it_names(tmp_path: Path) -> None:
    train(MaeConfig(out=tmp_path / "mae", arch=f"{HERE}:MyVit", steps=2, batch=8), made_windows())
    config = ActivityConfig(out=tmp_path / "run", weights=tmp_path / "mae", steps=2, batch=8)
    train(config, made_windows())
    assert type(nets.load(tmp_path / "run")).__name__ == "MyVit"
    with pytest.raises(UsageError, match="MyImu is pretrained by none, not by mae"):
        train(MaeConfig(out=tmp_path / "no", arch=f"{HERE}:MyImu"), made_windows())


def test_random_weights_are_exported_by_name() -> None:
    network, card = random_network(f"{HERE}:MyGait", seed=0)
    assert (card.params, card.output.dim) == (count_params(network), 8)
    assert card.random_weights


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NoRecord", r"its attribute record is 'Audio'; say what .* ImuWindow, SkeletonSequence"),
        ("NoWidth", "its attribute width is None; it must be a whole number"),
        ("WrongShape", r"WrongShape maps \(2, 128, 6\) to \(2, 128, 6\); it must return \(2, 5\)"),
        ("NotFinite", "NotFinite.forward_features gives values that are not finite"),
        ("NoDropout", r"cannot be built with \(num_classes=5, dropout=0.1\): .*'dropout'"),
        ("no_module", "made int; it must make a torch.nn.Module"),
        ("MyImo", r"has no MyImo\. Did you mean 'MyImu'"),
        ("torch", "its attribute record is None"),
    ],
)
def test_a_network_that_breaks_its_contract_says_which_part(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        build(f"{HERE}:{name}", num_classes=5, dropout=0.1)


def test_a_network_of_another_record_is_refused_by_the_task(tmp_path: Path) -> None:
    config = ActivityConfig(out=tmp_path / "run", arch=f"{HERE}:MyGait")
    with pytest.raises(UsageError, match=r"MyGait reads SkeletonSequence .* task activity needs"):
        train(config)


def test_skeletons_and_photos_have_their_own_contracts() -> None:
    with pytest.raises(UsageError, match=r"NoTaps has no .*taps"):
        build(f"{HERE}:NoTaps")
    with pytest.raises(UsageError, match="says its window there, for example arguments"):
        random_network(f"{HERE}:NoFrames", seed=0)


def test_a_module_that_is_not_there_says_how_to_find_it() -> None:
    with pytest.raises(UsageError, match=r"no module nowhere; .* PYTHONPATH=\. edgehuman"):
        catalogue.network("nowhere.nets:Net")


@pytest.mark.parametrize("arch", ["imuconv_288k", "vit_tiny"])
def test_catalogued_names_are_as_before(arch: str) -> None:
    assert catalogue.network(arch) is catalogue.NETWORKS[arch]
    with pytest.raises(UsageError, match="unknown network 'vit_tini'"):
        catalogue.network("vit_tini")


BROKEN = """\
import torch
from torch import nn

class Net(nn.Module):
    record = "ImuWindow"
    width = 8

    def __init__(self, num_classes=None, dropout=0.0):
        super().__init__()
        self.at("init")

    def at(self, place):
        if place == "PLACE":
            raise KeyError("gone")  # line 14

    def forward_features(self, imu_NTC):
        self.at("features")
        return torch.zeros(len(imu_NTC), 8)

    def forward(self, imu_NTC):
        self.at("forward")
        return torch.zeros(len(imu_NTC), 99)

class Kept:
    def __init__(self, config):
        Net.at(self, "open")

    def log(self, step, metrics):
        Net.at(self, "log")

    def close(self):
        Net.at(self, "close")

TOP
"""


@pytest.fixture
def broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The name of a module whose code raises at a place, or whose last line is the given one."""
    place, top = request.param
    text = BROKEN.replace("PLACE", place).replace("TOP", top)
    (tmp_path / "my_broken_code.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield "my_broken_code"
    sys.modules.pop("my_broken_code", None)


@pytest.mark.parametrize(
    ("broken", "said", "line"),
    [
        (("", "1 / 0"), "Net raised ZeroDivisionError: division by zero", 34),
        (("", "x = )"), "Net raised SyntaxError: unmatched ')'", 34),
        (("", "raise SystemExit(3)"), "Net raised SystemExit: 3", 34),
        (("", "import edgehuman.gone"), "Net raised ModuleNotFoundError: No module named", 34),
        (("", "torch.ones(2) @ torch.ones(3)"), "Net raised RuntimeError: ", 34),
        (("init", ""), "Net, built with (dropout=0.1), raised KeyError: 'gone'", 14),
        (("features", ""), "Net.forward_features, given (2, 128, 6) zeros, raised KeyError", 14),
        (("forward", ""), "Net, given (2, 128, 6) zeros, raised KeyError", 14),
    ],
    indirect=["broken"],
)
def test_what_an_own_network_raises_is_one_line_with_its_place(
    broken: str, said: str, line: int
) -> None:
    with pytest.raises(OwnCodeError) as caught:
        build(f"{broken}:Net", dropout=0.1)
    message = str(caught.value)
    assert message.startswith(f"--arch {broken}:{said}")
    assert message.endswith(f"{broken}.py:{line}); mend it there")
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (("open", ""), "called with the config, raised KeyError"),
        (("log", ""), "asked to log step 5, raised KeyError"),
        (("close", ""), "asked to close, raised KeyError"),
    ],
    indirect=["broken"],
)
def test_what_an_own_logger_raises_is_one_line_with_its_place(
    broken: str, said: str, tmp_path: Path
) -> None:
    config = replace(line_config(tmp_path / "run"), logger=(f"{broken}:Kept",))
    with pytest.raises(OwnCodeError) as caught:
        train_steps(line_job(), config)
    assert str(caught.value).startswith(f"--logger {broken}:Kept, {said}: 'gone' (at ")
    assert str(caught.value).endswith(f"{broken}.py:14); mend it there")


@pytest.mark.parametrize("broken", [("", "1 / 0")], indirect=True)
def test_at_the_command_line_it_is_no_traceback(
    broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["finetune", "--arch", f"{broken}:Net", "--out", "run"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"edgehuman: --arch {broken}:Net raised ZeroDivisionError")


@pytest.mark.parametrize("broken", [("", "import no_such_thing")], indirect=True)
def test_a_module_that_own_code_needs_names_who_needs_it(broken: str) -> None:
    with pytest.raises(MissingDependencyError, match=f"--arch {broken}:Net needs no_such_thing"):
        build(f"{broken}:Net")


@pytest.mark.parametrize("broken", [("init", "")], indirect=True)
def test_in_python_the_error_keeps_its_cause(broken: str) -> None:
    with pytest.raises(OwnCodeError) as caught:
        build(f"{broken}:Net")
    assert isinstance(caught.value.__cause__, KeyError)
