"""From scratch, pretrained by SAIP, and distilled: which pays for boxes, joints and outlines.

    python -m edgehuman.bench.pages.saip.eyes --ccp ccp --labels runs/labels --mot mot
        --coco coco_people --out runs/eyes --seeds 0 1 2

What differs between rows: where a network begins (random, or SAIP on the photos of Clothing
Co-Parsing that have no mask and are of nobody's test part), and what it learns from. By hand: the
masks of CCP for outlines and for crowds composed of its people; of joints there are no labels by
hand that may teach, so those of simulated people. Distilled: what free teachers agree on, on all
training photos of CCP (`edgehuman distill`, whose folder of labels is --labels). Steps are equal.
Judged on people who taught nothing: CCP's test photos, --mot and --coco, which neither teach nor
select. Finished trainings are kept, so the command resumes; it writes `table.md` and `table.json`.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.pages.image.person import TableConfig, unlabelled_photos
from edgehuman.bench.pages.saip.page import Exam, Page, Row, build_table
from edgehuman.bench.pages.saip.settings import Schedule
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.data.image.published.parsing import ccp_role
from edgehuman.data.image.set import load_png_mask
from edgehuman.errors import DataError, UsageError
from edgehuman.files import writing_tree
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.labels import LABELS, read_label_lines
from edgehuman.preprocess.image.pixels import read_image
from edgehuman.records import Uint8

TASKS = ("pose", "parsing", "detection")
ROWS = ("scratch", "saip", "distilled", "saip-distilled")
HEADS = ("begins with", "learns from")
HAND, TEACHERS = "labels by hand, simulated joints", "free teachers' labels"
_BODY = 1  # the class of CCP that stands for a person: none of what is carried
_SAIP = "SAIP"
_OTHER = "is of other photos than those of --ccp; label these, or give those"


@dataclass(frozen=True, slots=True, kw_only=True)
class EyesConfig(Schedule):
    """Measure which pretraining pays for boxes, joints and outlines of real people."""

    ccp: Path
    """Folder of Clothing Co-Parsing: photos, masks and labels.txt."""
    labels: Path
    """Labels of free teachers on its photos: the folder --targets of `edgehuman distill`."""
    mot: str = ""
    """Videos with boxes, which only measure; "": none."""
    coco: str = ""
    """COCO's people, which only measure; "": none."""
    tasks: tuple[str, ...] = TASKS
    """Of pose, parsing and detection."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds; each gets every row, with a pretraining of its own."""
    rows: tuple[str, ...] = ROWS
    """Rows of the table, in the order of their trainings."""
    recipes: Path = Path("recipes/saip_eyes")
    """Folder of the recipes: pretrain.toml and TASK.toml."""

    def __post_init__(self) -> None:
        Schedule.__post_init__(self)
        rules = (
            ({*self.tasks} <= {*TASKS}, "tasks", f"of {', '.join(TASKS)}"),
            (bool(self.rows) and {*self.rows} <= {*ROWS}, "rows", f"of {', '.join(ROWS)}"),
            (len(set(self.rows)) == len(self.rows), "rows", "each once"),
        )
        require(self, rules)
        for name, place in (
            ("ccp", self.ccp / "photos"),
            ("ccp", self.ccp / "masks"),
            ("labels", self.labels / "people" / LABELS),
            *((name, Path(getattr(self, name))) for name in ("mot", "coco")),
        ):
            if not place.exists():
                raise UsageError(f"--{name}: {place} does not exist; give another folder")
        if "detection" in self.tasks and not self.mot:
            raise UsageError("--tasks has detection, which --mot judges; say where it is")


def rows_of(taught: Path, people: Path) -> list[Row]:
    """The rows: two beginnings, and two kinds of labels.

    Args:
        taught: photos with the masks of teachers, as CCP's are laid out. people: with joints.
    """
    data = {"detection": str(taught), "parsing": str(taught), "pose": str(people)}
    return [
        Row("scratch", ("none", HAND), None),
        Row("saip", (_SAIP, HAND)),
        Row("distilled", ("none", TEACHERS), None, data=data),
        Row("saip-distilled", (_SAIP, TEACHERS), like="saip", data=data),
    ]


def exams_of(config: EyesConfig) -> dict[str, list[Exam]]:
    """By task, what judges it."""
    people, oks = str(config.labels / "people"), {"ap": "OKS AP", "mean_oks": "mean OKS"}
    outlines = {"median_iou": "median IoU"}
    found = {
        "pose": [_exam("joints", "CCP", people, oks)],
        "parsing": [_exam("outlines", "CCP", str(config.ccp), outlines)],
        "detection": [_exam("boxes", "MOT", config.mot, {"ap50": "AP50"})],
    }
    if config.coco:
        found["pose"].append(_exam("joints", "COCO", config.coco, oks))
        found["parsing"].append(_exam("outlines", "COCO", config.coco, outlines))
    return {task: found[task] for task in config.tasks}


def _exam(what: str, name: str, data: str, metrics: dict[str, str]) -> Exam:
    said = {key: f"{what} {each}, {name}" for key, each in metrics.items()}
    # Sets that only measure are judged whole; of CCP the test photos.
    return Exam(name, data, said, "test" if name == "CCP" else "all")


def photos_without_masks(config: EyesConfig) -> Path:
    """The folder of photos to pretrain on: without a mask, and of no test part."""
    folder = config.out / "photos"
    if not folder.is_dir():
        every = unlabelled_photos(TableConfig(data=config.ccp, out=config.out / "ccp"))
        with writing_tree(folder, "--out", DataError, replace=False) as partial:
            for path in sorted(every.iterdir()):
                if ccp_role(int(path.stem)) == "train":
                    (partial / path.name).symlink_to(path.resolve())
    return folder


def taught_photos(config: EyesConfig) -> Path:
    """The photos of CCP with the teachers' masks in the place of its own, as CCP is laid out.

    One person a photo, the first on whom they agree. Test photos keep that role, and teach nothing.

    Raises:
        DataError: labels of other photos than those of --ccp.
    """
    folder = config.out / "taught"
    if not folder.is_dir():
        with writing_tree(folder, "--out", DataError, replace=False) as partial:
            (partial / "photos").mkdir()
            (partial / "masks").mkdir()
            (partial / "labels.txt").write_bytes((config.ccp / "labels.txt").read_bytes())
            for stem, mask_HW in _masks(config):
                photo = config.ccp / "photos" / f"{stem}.jpg"
                (partial / "photos" / photo.name).symlink_to(photo.resolve())
                _, packed = cv2.imencode(".png", _BODY * mask_HW)
                (partial / "masks" / f"{stem}.png").write_bytes(packed.tobytes())
    return folder


def _masks(config: EyesConfig) -> Iterator[tuple[str, Uint8]]:
    """Number of a photo, and the teachers' mask of it."""
    people = config.labels / "people"
    done: set[str] = set()
    for line in read_label_lines(people / LABELS):
        stem = str(line.get("sequence", "")).rpartition("_")[2]
        if "mask" not in line or stem in done:
            continue
        photo = config.ccp / "photos" / f"{stem}.jpg"
        if not photo.is_file():
            raise DataError(f"{people}: {line['image']} {_OTHER}")
        photo_HWC = read_image(photo)
        crop_HWC = read_image(people / str(line["image"]))
        high, wide = crop_HWC.shape[:2]
        mask_HW = load_png_mask(str(people / str(line["mask"])), (high, wide))
        yield stem, placed(photo_HWC, crop_HWC, np.asarray(mask_HW > 0, np.uint8))
        done.add(stem)


def placed(photo_HWC: Uint8, crop_HWC: Uint8, mask_HW: Uint8) -> Uint8:
    """The mask (H, W) of a whole photo, from that of a crop cut out of it.

    Raises:
        DataError: the crop is not of this photo.
    """
    high, wide = mask_HW.shape
    y = x = 0
    if high <= photo_HWC.shape[0] and wide <= photo_HWC.shape[1]:
        far_HW = cv2.matchTemplate(photo_HWC, crop_HWC, cv2.TM_SQDIFF)
        y, x = map(int, np.unravel_index(int(far_HW.argmin()), far_HW.shape))
    if not np.array_equal(photo_HWC[y : y + high, x : x + wide], crop_HWC):
        raise DataError(f"--labels: a crop {_OTHER}")
    whole_HW = np.zeros(photo_HWC.shape[:2], np.uint8)
    whole_HW[y : y + high, x : x + wide] = mask_HW
    return whole_HW


NOTES = (
    "Joints of CCP are judged by the labels of the same teachers, which favours the rows that they "
    "taught; COCO's and MOT's are by hand. Nothing selects: the last weights are judged.",
)


def build(config: EyesConfig) -> Outcome:
    """Run the missing trainings; write the table after each.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see the trainings.
    """
    config.out.mkdir(parents=True, exist_ok=True)
    given = config.given()
    by_hand = (task for task in config.tasks if task != "pose" and task not in given)
    config = dataclasses.replace(
        config, data=(*config.data, *(f"{task}={config.ccp}" for task in by_hand))
    )
    if config.pretrain_data == SIMULATED:
        config = dataclasses.replace(config, pretrain_data=str(photos_without_masks(config)))
    by_name = {row.name: row for row in rows_of(taught_photos(config), config.labels / "people")}
    rows = [by_name[name] for name in config.rows]
    return build_table(config, Page(rows, HEADS, NOTES, exams=exams_of(config)))


if __name__ == "__main__":
    sys.exit(main(EyesConfig, build))
