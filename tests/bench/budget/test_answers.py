"""What a frame takes and whether it fits; times between measurements; refusals."""

from __future__ import annotations

import pytest

from edgehuman import catalogue
from edgehuman.bench.budget.answers import Answer, Ask, interpolated, measured
from edgehuman.bench.budget.latencies import Latency
from tests.bench.budget.tables import made_row, made_table


def of(*rows: Latency, ask: Ask) -> Answer:
    [found] = measured(made_table(*rows), ask)
    return found


def values(answer: Answer) -> tuple[float, float]:
    assert answer.frame is not None
    return answer.frame[0].value, answer.frame[1].value


def test_one_call_is_a_frame_of_one_person() -> None:
    found = of(made_row(p50=2.0), ask=Ask(8.0))
    assert (found.state, found.calls, found.batch) == ("measured", 1, 1)
    assert values(found) == (2.0, 3.0)
    assert found.busy is None
    assert found.fits_core is None


@pytest.mark.parametrize(
    ("budget_ms", "fits"), [(3.04, "yes"), (3.02, "unsure"), (2.98, "unsure"), (2.96, "no")]
)
def test_a_budget_inside_the_interval_is_unsure(budget_ms: float, fits: str) -> None:
    assert of(made_row(p50=2.0), ask=Ask(budget_ms)).fits == fits  # p95 is 3, 2.97 to 3.03


def test_another_quantile_may_decide() -> None:
    assert of(made_row(p50=2.0), ask=Ask(2.5, quantile="p50")).fits == "yes"
    assert of(made_row(p50=2.0), ask=Ask(2.5, quantile="p99")).fits == "no"


def test_the_load_is_calls_times_people_times_frames() -> None:
    found = of(made_row(p50=2.0), ask=Ask(30.0, people=8, fps=25.0))
    assert found.calls == 8
    assert values(found) == (16.0, 24.0)
    assert found.busy == pytest.approx(0.4)  # 16 ms of every 40
    assert found.fits_core is True
    late = of(made_row(p50=2.0), ask=Ask(30.0, people=8, fps=70.0))
    assert late.busy == pytest.approx(1.12)
    assert late.fits_core is False


def test_of_the_batches_that_were_timed_the_cheapest_is_taken() -> None:
    rows = [made_row(p50=2.0), made_row(p50=6.0, batch=4), made_row(p50=20.0, batch=8)]
    found = of(*rows, ask=Ask(30.0, people=8))
    assert (found.calls, found.batch) == (2, 4)  # 12 ms; alone 16, all at once 20
    assert values(found) == (12.0, 18.0)
    five = of(*rows, ask=Ask(30.0, people=5))
    assert (five.calls, five.batch) == (5, 1)  # 10 ms; two calls of four take 12


def test_a_detector_sees_all_people_in_one_call() -> None:
    found = of(made_row(p50=2.0, kind="boxes"), ask=Ask(8.0, people=8, fps=25.0))
    assert found.calls == 1
    assert found.busy == pytest.approx(0.05)


def test_precisions_engines_and_threads_are_apart() -> None:
    rows = [
        made_row(),
        made_row(precision="int8"),
        made_row(format="torch"),
        made_row(threads=2),
        made_row(batch=2),
    ]
    assert len(measured(made_table(*rows), Ask(8.0))) == 4


FAMILY = ("imuvit_512x5", "imuvit_512x20", "imuvit_2048x20")


def family(p50s: tuple[float, ...] = (1.0, 4.0, 60.0), **changes: object) -> list[Latency]:
    return [
        made_row(arch, p50, arch=arch, family="imuvit", random_weights=True, **changes)
        for arch, p50 in zip(FAMILY, p50s, strict=True)
    ]


def test_a_network_between_members_of_its_family_is_interpolated() -> None:
    flops = [float(catalogue.NETWORKS[arch].flops) for arch in FAMILY]
    rows = [
        made_row(arch, at * 1e-7, arch=arch, family="imuvit")
        for arch, at in zip(FAMILY, flops, strict=True)
    ]
    [found] = interpolated("imuvit_1024x10", made_table(*rows), Ask(100.0))
    expected = catalogue.NETWORKS["imuvit_1024x10"].flops * 1e-7
    assert found.state == "interpolated"
    assert values(found) == pytest.approx((expected, 1.5 * expected))
    assert found.error == pytest.approx(0.0, abs=1e-9)
    assert found.arch == found.model == "imuvit_1024x10"
    assert found.params == catalogue.NETWORKS["imuvit_1024x10"].params
    assert found.row is not None
    assert found.row.arch == "imuvit_512x20"  # the nearest below


def test_its_error_widens_what_fits() -> None:
    [found] = interpolated("imuvit_1024x10", made_table(*family((1.0, 6.0, 60.0))), Ask(100.0))
    assert found.error is not None
    assert found.error > 0.1
    value = values(found)[1]
    [near] = interpolated("imuvit_1024x10", made_table(*family((1.0, 6.0, 60.0))), Ask(value))
    assert near.fits == "unsure"
    assert near.call is not None
    span, spread = near.call[1], 1 + found.error
    assert (span.value, span.low, span.high) == pytest.approx(
        (value, value / spread, value * spread)
    )
    assert "at worst" in near.why


def refusal(arch: str, *rows: Latency, absent: str = "") -> str:
    [found] = interpolated(arch, made_table(*rows), Ask(100.0), absent)
    assert (found.state, found.frame, found.fits) == ("refused", None, "unknown")
    return found.why


def test_what_would_be_extrapolated_is_refused() -> None:
    rows = family()
    rows[0] = made_row("imuvit_1024x5", 3.0, arch="imuvit_1024x5", family="imuvit")
    assert "is below what was measured" in refusal("imuvit_512x5", *rows)
    larger = [made_row(arch, 1.0, arch=arch, family="imuvit") for arch in FAMILY[:2]]
    larger.append(made_row("imuvit_512x10", 2.0, arch="imuvit_512x10", family="imuvit"))
    assert "is above what was measured" in refusal("imuvit_2048x20", *larger)


def test_too_few_of_a_family_or_another_one_are_refused() -> None:
    assert "2 measured, and it takes 3" in refusal("imuvit_1024x10", *family()[:2])
    said = refusal("vit_tiny", *family(), absent="PyTorch is not installed")
    assert said.startswith("PyTorch is not installed; no time is made up")
    assert "family vit, none was measured" in said
    assert "edgehuman bench vit_tiny --save FILE" in said


def test_what_was_timed_in_another_way_does_not_mix() -> None:
    rows = family()
    mixed = [*rows[:2], *family(precision="int8")[2:]]
    assert "2 measured" in refusal("imuvit_1024x10", *mixed)
    pruned = [*rows[:2], *family(pruned=True)[2:]]
    assert "2 measured" in refusal("imuvit_1024x10", *pruned)
    batches = [*rows, *family((2.0, 8.0, 120.0), batch=8)]
    [found] = interpolated("imuvit_1024x10", made_table(*batches), Ask(100.0, people=8))
    assert (found.batch, found.calls) == (8, 1)
