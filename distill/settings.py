"""What `edgehuman distill` adds to a task's config; `<record>/settings.py` joins the two."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from edgehuman.config import require
from edgehuman.errors import UsageError

if TYPE_CHECKING:
    from edgehuman.tasks.settings import FinetuneConfig

    _Base = FinetuneConfig
else:
    _Base = object


@dataclass(frozen=True, kw_only=True)
class DistilFlags(_Base):
    """What distillation adds to the config of a task."""

    HELP_GROUP: ClassVar[str] = "distillation"

    teacher: tuple[str, ...]
    """Checkpoint folders, zoo:NAME, or .onnx files; one that is not edgehuman's needs a NAME.toml
    beside it that says what it reads. Several are one teacher: their mean."""
    student: str
    """The network that learns, a name from `edgehuman models`; --arch is the same."""
    objective: tuple[str, ...] = ()
    """What of the teacher is learned, with weights: `kd`, `rkd=25`; by default what fits the
    task."""
    task_weight: float = 1.0
    """Weight of the task's own loss, beside the objectives; 0: the student sees no labels."""
    views: int = 8
    """Augmented views of each sample; what the teacher says of each is kept, for any student."""
    targets: Path | None = None
    """Folder of the kept targets; by default `targets` beside --out."""
    keep: bool = True
    """Keep the targets; --no-keep asks the teacher in each step."""
    compatible: bool = False
    """The student's embeddings live in the teacher's space: a gallery that was enrolled with the
    teacher serves the student."""
    precision: Literal["fp32", "int8"] = "fp32"
    """Also write the student as an INT8 file, OUT/int8.onnx, with its proof."""
    qat_steps: int = 0
    """Steps of quantisation-aware training before that, distilled from the float student; 0:
    ranges from calibration alone."""
    qat_layout: Literal["cpu", "tensorrt"] = "cpu"
    """Whose INT8 they train for; for tensorrt, export OUT/qat with --format tensorrt afterwards."""
    qat_lr: float = 1e-4
    """Peak learning rate of the weights in them; the steps of the quantisers learn at a tenth."""

    def __post_init__(self) -> None:
        if self.arch not in (None, self.student):
            raise UsageError(f"--arch is {self.arch} and --student {self.student}; give one")
        object.__setattr__(self, "arch", self.student)
        super().__post_init__()
        rules = (
            (bool(self.teacher), "teacher", "at least one"),
            (self.task_weight >= 0, "task_weight", "0 or more"),
            (self.views >= 1, "views", "at least 1"),
            (self.qat_steps >= 0, "qat_steps", "0 or more"),
            (self.qat_lr > 0, "qat_lr", "above 0"),
            (
                not self.qat_steps or self.precision == "int8",
                "qat_steps",
                "0 without --precision int8",
            ),
            (self.keep or self.targets is None, "targets", "left out with --no-keep"),
        )
        require(self, rules)
        self._require_used()

    def _require_used(self) -> None:
        """Raise UsageError for settings of quantisation-aware training where there is none."""
        for name in () if self.qat_steps else ("qat_layout", "qat_lr"):
            default = DistilFlags.__dataclass_fields__[name].default
            rule = (getattr(self, name) == default, name, f"{default} without --qat-steps")
            require(self, [rule])

    def _name(self) -> str:
        return f"distil-{self.student.replace(':', '.')}"
