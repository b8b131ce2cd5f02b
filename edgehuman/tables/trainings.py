"""Every pretraining method, downstream task and source of published weights: its config and its
function.

Available as `catalogue.METHODS`, `catalogue.TASKS` and `catalogue.SOURCES`; kept in its own file
for readability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Method:
    """One pretraining method: its config, the function that trains, and an example line."""

    config: str
    train: str
    modality: str
    source: str
    example: str


@dataclass(frozen=True, slots=True)
class Task:
    """One downstream task: its config, the function that fine-tunes, and an example line.

    Attributes:
        distil: its config of `edgehuman distill`; "": it is not distilled.
        student: a small network for that, in examples.
        also: the same task for other modalities, each with its own config and function; the
            network chooses among them.
    """

    config: str
    train: str
    modality: str
    example: str
    distil: str = ""
    student: str = ""
    also: tuple[Task, ...] = ()

    @property
    def rows(self) -> tuple[Task, ...]:
        """The task for each of its modalities."""
        return self, *self.also

    @property
    def prepare(self) -> str:
        """The function, beside `train`, that returns the training instead of running it."""
        return f"{self.train.partition(':')[0]}:prepare"


@dataclass(frozen=True, slots=True)
class Source:
    """A project whose published weights `edgehuman import` reads: the config, the function that
    imports, and an example line.
    """

    config: str
    train: str
    modality: str
    example: str


DISTIL = "edgehuman.distill.distill:distil"
"""What `edgehuman distill` runs for every task."""
EXPORT_CONFIG = "edgehuman.export.words:ExportConfig"
EXPORT = "edgehuman.export.export:export"
EXPORT_GRAPH = "edgehuman.export.engine.from_onnx:build_from_onnx"
"""What `edgehuman export` runs for a checkpoint, and for a finished graph."""

METHODS: Mapping[str, Method] = {
    "mae": Method(
        "edgehuman.pretrain.mae_settings:MaeConfig",
        "edgehuman.pretrain.mae:train",
        "imu",
        "arXiv 2502.03364, section 3.3",
        "edgehuman pretrain --method mae --data hapt_raw.npz --out runs/mae",
    ),
    "saip": Method(
        "edgehuman.distill.saip.settings:DistilSaipConfig",
        "edgehuman.distill.saip.kept:train",
        "image",
        "arXiv 2503.08201",
        "edgehuman pretrain --method saip --data photos --out runs/saip",
    ),
    "contrastive": Method(
        "edgehuman.pretrain.contrastive.settings:ContrastiveConfig",
        "edgehuman.pretrain.contrastive.contrastive:train",
        "skeleton",
        "arXiv 2504.07598",
        "edgehuman pretrain --method contrastive --data simulated --out runs/walks",
    ),
    "diffusion": Method(
        "edgehuman.pretrain.diffusion.settings:DiffusionConfig",
        "edgehuman.pretrain.diffusion.diffusion:train",
        "silhouette",
        "OpenReview r4GxmIBDbO",
        "edgehuman pretrain --method diffusion --arch gaitset --steps 200 --out runs/gaitset",
    ),
}

TEXT_REID = "text-reid"
"""The task whose labels are sentences: its network has a text encoder beside its head."""

TASKS: Mapping[str, Task] = {
    "activity": Task(
        "edgehuman.tasks.imu.settings:ActivityConfig",
        "edgehuman.tasks.imu.activity:train",
        "imu",
        "edgehuman finetune --task activity --weights zoo:activity --data uci_har.npz --out a",
        "edgehuman.distill.imu.settings:DistilActivity",
        "imuconv_288k",
    ),
    "gait": Task(
        "edgehuman.tasks.skeleton.settings:GaitConfig",
        "edgehuman.tasks.skeleton.gait:train",
        "skeleton",
        "edgehuman finetune --task gait --weights zoo:gait-skeleton --out runs/gait",
        "edgehuman.distill.skeleton.settings:DistilGait",
        "gaitptv2_deep_1",
        also=(
            Task(
                "edgehuman.tasks.silhouette.settings:GaitConfig",
                "edgehuman.tasks.silhouette.gait:train",
                "silhouette",
                "edgehuman finetune --task gait --arch gaitset --data simulated --out runs/gait",
                "edgehuman.distill.silhouette.settings:DistilGait",
                "gaitset_small",
            ),
        ),
    ),
    "reid": Task(
        "edgehuman.tasks.image.settings:ReidConfig",
        "edgehuman.tasks.image.reid:train",
        "image",
        "edgehuman finetune --task reid --weights runs/saip --data Market-1501 --out runs/reid",
        "edgehuman.distill.image.settings:DistilReid",
        "starnet_s3",
    ),
    "attributes": Task(
        "edgehuman.tasks.image.settings:AttributesConfig",
        "edgehuman.tasks.image.attributes:train",
        "image",
        "edgehuman finetune --task attributes --weights runs/saip --data PA-100K --out runs/a",
        "edgehuman.distill.image.settings:DistilAttributes",
        "starnet_s3",
    ),
    "pose": Task(
        "edgehuman.tasks.image.settings:PoseConfig",
        "edgehuman.tasks.image.pose:train",
        "image",
        "edgehuman finetune --task pose --weights runs/saip --data coco --out runs/pose",
        "edgehuman.distill.image.settings:DistilPose",
        "starnet_s3",
    ),
    "landmarks": Task(
        "edgehuman.tasks.image.settings:LandmarksConfig",
        "edgehuman.tasks.image.pose:train",
        "image",
        "edgehuman finetune --task landmarks --weights runs/saip --data coco --out runs/landmarks",
        "edgehuman.distill.image.settings:DistilLandmarks",
        "starnet_s3",
    ),
    "parsing": Task(
        "edgehuman.tasks.image.settings:ParsingConfig",
        "edgehuman.tasks.image.parsing:train",
        "image",
        "edgehuman finetune --task parsing --weights runs/saip --data ccp --out runs/parsing",
        "edgehuman.distill.image.settings:DistilParsing",
        "starnet_s3",
    ),
    TEXT_REID: Task(
        "edgehuman.tasks.image.captions.settings:TextReidConfig",
        "edgehuman.tasks.image.captions.train:train",
        "image",
        "edgehuman finetune --task text-reid --weights runs/saip --data CUHK-PEDES --out runs/w",
    ),
    "detection": Task(
        "edgehuman.tasks.image.detection.settings:DetectionConfig",
        "edgehuman.tasks.image.detection.train:train",
        "image",
        "edgehuman finetune --task detection --weights runs/saip --data crowdhuman --out runs/d",
        "edgehuman.distill.image.settings:DistilDetection",
        "starnet_s150",
    ),
    "multi-parsing": Task(
        "edgehuman.tasks.image.crowds.settings:MultiParsingConfig",
        "edgehuman.tasks.image.crowds.train:train",
        "image",
        "edgehuman finetune --task multi-parsing --weights zoo:person-detector --data cihp --out r",
        "edgehuman.distill.image.settings:DistilMultiParsing",
        "starnet_s3",
    ),
    "part-attributes": Task(
        "edgehuman.tasks.image.garments.settings:PartAttributesConfig",
        "edgehuman.tasks.image.garments.train:train",
        "image",
        "edgehuman finetune --task part-attributes --weights zoo:person-detector --data f --out r",
    ),
}


def _image(source: str, file: str, arch: str) -> Source:
    return Source(
        "edgehuman.training.image.import_settings:ImportConfig",
        "edgehuman.training.image.import_weights:import_weights",
        "image",
        f"edgehuman import {file} --source {source} --arch {arch} --out runs/imported",
    )


SOURCES: Mapping[str, Source] = {
    "timm": _image("timm", "vit_tiny.safetensors", "vit_tiny"),
    "tinyvit": _image("tinyvit", "tiny_vit_5m_22k_distill.pth", "tinyvit_5m"),
    "starnet": _image("starnet", "starnet_s3.pth.tar", "starnet_s3"),
    "dino": _image("dino", "dino_deitsmall16_pretrain.pth", "vit_small"),
    "mae": _image("mae", "mae_pretrain_vit_base.pth", "vit_base"),
    "opengait": Source(
        "edgehuman.training.silhouette.import_settings:ImportConfig",
        "edgehuman.training.silhouette.import_weights:import_weights",
        "silhouette",
        "edgehuman import GaitBase_DA-60000.pt --source opengait --arch gaitbase --out runs/g",
    ),
}
