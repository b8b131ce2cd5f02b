"""Rows of the table of targets: distillation."""

from __future__ import annotations

from edgehuman.bench.target import Target
from edgehuman.bench.targets import distillation

TEACHERS: tuple[Target, ...] = (
    Target(
        "targets-kept",
        "speed of a teacher's answers computed and kept / computed, imuconv_4m, logits",
        "at least",
        0.9,
        "x",
        lambda config: distillation.writing_over_answering(),
    ),
    Target(
        "asked-again",
        "windows that a second student asks of a teacher whose answers are kept, beyond the check",
        "at most",
        0.0,
        "windows",
        lambda config: distillation.asked_of_a_second_student(),
    ),
    Target(
        "distil-waits",
        "share of a student's step that goes by until its batch is there, imuconv_288k",
        "at most",
        0.05,
        "x",
        lambda config: distillation.waiting_over_step(),
    ),
)
