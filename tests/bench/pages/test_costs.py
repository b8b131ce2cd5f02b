"""The costs of schedules, by hand; steps that are measured; the page between its marks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from edgehuman.bench.pages import costs
from edgehuman.bench.pages.costs import (
    BEGIN,
    END,
    CostsConfig,
    Schedule,
    cost_of,
    measured,
    written,
)
from edgehuman.errors import UsageError


class Plain(nn.Module):
    """One matrix of 10 x 10: 200 operations a sample forward, and 200 for its gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.map = nn.Linear(10, 10, bias=False)

    def forward(self, x_ND: Tensor) -> dict[str, Tensor]:
        return {"loss": self.map(x_ND).square().mean()}


def plain() -> tuple[nn.Module, tuple[Tensor, ...]]:
    return Plain(), (torch.ones(4, 10),)


SCHEDULE = Schedule("plain", "matrix", "a day", 86400.0, plain, 0.5)


def test_a_cost_by_hand() -> None:
    cost = cost_of(SCHEDULE, per_s=0.5, flops=989e12)
    assert cost.cpu_days == 2.0
    assert cost.gflops == 989e3
    assert cost.gpu_hours == pytest.approx(48.0)  # a sample takes 2 s at half the peak


def test_steps_are_measured_and_counted() -> None:
    per_s, flops = measured(plain, 0.01)
    assert per_s > 100
    assert flops == 400.0


def test_the_table_stands_between_the_marks_of_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "SCHEDULES", (SCHEDULE,))
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    outcome = costs.costs(CostsConfig(seconds=0.01, out=page))
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n\n| method |")
    assert text.endswith(f"{END}\nafter\n")
    assert "| plain | matrix | a day |" in text
    assert "old" not in text
    assert isinstance(outcome.data, dict)
    assert outcome.data["costs"][0]["samples"] == 86400.0
    with pytest.raises(UsageError, match=r"--out x.md has no lines"):
        written("nothing", "", "x.md")


@pytest.mark.slow
@pytest.mark.long
def test_every_schedule_has_a_step() -> None:
    for step in dict.fromkeys(each.step for each in costs.SCHEDULES if each.name != "diffusion"):
        model, batch = step()
        assert model(*batch)["loss"].isfinite()
