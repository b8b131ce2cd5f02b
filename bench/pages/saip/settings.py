"""What the pages on SAIP share: the flags, and the tasks by which a pretraining is judged.

The recipes are in a folder: `pretrain.toml`, `expert.toml` and one `TASK.toml` for each task. For
the paper's sizes copy the folder, change steps, batch and sizes, and give it as --recipes; flags of
a page go before its recipes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgehuman import catalogue
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.errors import UsageError

METRICS: Mapping[str, Mapping[str, str]] = {
    "reid": {"rank1": "ReID rank-1"},
    "attributes": {"mean_accuracy": "PAR mA"},
    "parsing": {"mean_iou": "parsing mIoU"},
    "text-reid": {"rank1": "text rank-1", "mean_ap": "text mAP"},
    "multi-parsing": {"mean_iou": "crowds mIoU", "ap_p_vol": "crowds AP^p"},
    "detection": {"ap50": "boxes AP50"},
    "pose": {"ap": "joints OKS AP", "mean_oks": "joints mean OKS"},
    "part-attributes": {"box_ap_iou_f1": "AP_IoU+F1", "box_ap_f1": "AP_F1"},
}
"""By task, the metrics of its test part, and how a table calls them."""
PAPER = ("reid", "attributes", "parsing")
"""The tasks of the paper's tables 4 to 6."""
_FEWEST_PEOPLE, _FEWEST_IMAGES, _FEWEST_FRAMES = 10, 8, 10


def task_of(exam: str) -> str:
    """The task of a word of --tasks, which may say TASK@NAME."""
    return exam.partition("@")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What every page on SAIP is asked."""

    out: Path
    """Folder of the trainings and the table; finished trainings are kept."""
    arch: str = "starnet_s100_k3"
    """The student."""
    tasks: tuple[str, ...] = PAPER
    """Tasks by which the pretrainings are judged; TASK@NAME is the same task on other data, as
    --data TASK@NAME=PATH gives them."""
    seeds: tuple[int, ...] = (0,)
    """Seeds; each gets every row, with a pretraining of its own."""
    data: tuple[str, ...] = ()
    """Labelled data, TASK=PATH: reid=Market-1501-v15.09.15; of the other tasks simulated people."""
    every: int = 1
    """Score every n-th frame of the test part, of tasks on frames."""
    recipes: Path = Path("recipes/saip_tables")
    """Folder of the recipes: pretrain.toml, expert.toml and TASK.toml."""
    pretrain_data: str = SIMULATED
    """Pictures to pretrain on: a folder, or the word `simulated`."""
    images: int = 2000
    """Simulated pictures to pretrain on, two of each person."""
    people: int = 600
    """Simulated people of the tasks, three pictures each; every fifth is for the test."""
    frames: int = 1500
    """Simulated frames of the tasks on several people; every fifth is for the test."""
    expert: str = ""
    """Expert of the distilled rows (SAIP*): a checkpoint or zoo:NAME; by default a network of
    --expert-arch that learns to tell other simulated people apart."""
    expert_arch: str = "starnet_s3"
    """Network of that expert."""
    pretrain_steps: int = 0
    """Steps of a pretraining; 0: those of the recipe."""
    tune_steps: int = 0
    """Steps of a fine-tuning; 0: those of the recipe."""
    minutes: float = 0.0
    """Begin no training after so many minutes; 0: no limit. The same command goes on."""
    threads: int = 1
    """CPU threads."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        known = [*METRICS]
        rules = (
            (bool(self.seeds) and min(self.seeds) >= 0, "seeds", "at least one, none negative"),
            (bool(self.tasks), "tasks", "at least one"),
            ({*map(task_of, self.tasks)} <= set(known), "tasks", f"of {', '.join(known)}"),
            (len(set(self.tasks)) == len(self.tasks), "tasks", "each once"),
            (self.images >= _FEWEST_IMAGES, "images", f"at least {_FEWEST_IMAGES}"),
            (self.people >= _FEWEST_PEOPLE, "people", f"at least {_FEWEST_PEOPLE}"),
            (self.frames >= _FEWEST_FRAMES, "frames", f"at least {_FEWEST_FRAMES}"),
            (self.every >= 1, "every", "at least 1"),
            (self.pretrain_steps >= 0, "pretrain_steps", "0 or more"),
            (self.tune_steps >= 0, "tune_steps", "0 or more"),
            (self.minutes >= 0, "minutes", "0 or more"),
            (self.threads >= 1, "threads", "at least 1"),
        )
        require(self, rules)
        for arch in (self.arch, self.expert_arch):
            catalogue.network_for(arch, "saip")
        for task in map(task_of, self.tasks):
            if task not in catalogue.TASKS:
                raise UsageError(
                    f"--tasks names {task}, which this edgehuman does not have yet; it has "
                    f"{', '.join(each for each in known if each in catalogue.TASKS)}"
                )
        for name in ("pretrain", *self.tasks):
            if not self.recipe(name).is_file():
                raise UsageError(f"--recipes {self.recipes} has no {name}.toml; copy it there")
        given = self.given()
        if without := [each for each in self.tasks if "@" in each and each not in given]:
            raise UsageError(f"--tasks has {without[0]}; say where it is: --data {without[0]}=PATH")

    def recipe(self, name: str) -> Path:
        """The recipe of a task, of `pretrain`, or of `expert`."""
        return self.recipes / f"{task_of(name)}.toml"

    def given(self) -> Mapping[str, str]:
        """The labelled data by task, as --data gives them.

        Raises:
            UsageError: not TASK=PATH, or no task of the page.
        """
        return dict(self._parted())

    def _parted(self) -> Iterator[tuple[str, str]]:
        for word in self.data:
            task, sign, path = word.partition("=")
            if not (sign and path and task in self.tasks):
                known = ", ".join(self.tasks)
                raise UsageError(f"--data is {word!r}; it must be TASK=PATH, TASK of {known}")
            yield task, path
