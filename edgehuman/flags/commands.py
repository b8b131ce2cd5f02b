"""Every sub-command: what it is called with, what it runs, a summary, an example.

One row per sub-command; a row's modules are imported only when it is called.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgehuman import catalogue
from edgehuman.flags import choose
from edgehuman.flags.rows import ChoiceCommand, Command, ModelCommand

COMMANDS: Mapping[str, Command | ChoiceCommand | ModelCommand] = {
    "demo": Command(
        "edgehuman.runtime.demo.demo:DemoConfig",
        "edgehuman.runtime.demo.demo:demo",
        "recognise a simulated live stream with the built-in model; no download",
        "edgehuman demo --seconds 60",
    ),
    "diff": Command(
        "edgehuman.runtime.replay.diff:DiffConfig",
        "edgehuman.runtime.replay.diff:diff",
        "whether two runs gave the same results: the first difference, and counts by kind",
        "edgehuman diff before.jsonl after.jsonl --score 1e-3",
    ),
    "models": Command(
        "edgehuman.runtime.models:ModelsConfig",
        "edgehuman.runtime.models:models",
        "the models that ship, then every network: parameters, operations, source",
        "edgehuman models --json",
    ),
    "info": Command(
        "edgehuman.runtime.info:InfoConfig",
        "edgehuman.runtime.info:info",
        "what is inside a model: needs, teachers, metrics, proof, licences",
        "edgehuman info zoo:activity",
    ),
    "data list": Command(
        "edgehuman.data.commands:ListConfig",
        "edgehuman.data.commands:list_datasets",
        "public datasets that edgehuman can read: where to get them, their terms",
        "edgehuman data list",
    ),
    "data check": Command(
        "edgehuman.data.commands:CheckConfig",
        "edgehuman.data.commands:check",
        "what is missing or wrong in a dataset's folder or file",
        "edgehuman data check downloads/UCI_HAR",
    ),
    "data export": Command(
        "edgehuman.data.imu.write:ExportConfig",
        "edgehuman.data.imu.write:export_csv",
        "one person's continuous recordings as CSV files for `edgehuman run`",
        "edgehuman data export hapt_raw.npz --subject 2 --out recordings",
    ),
    "data convert": ChoiceCommand(
        choose.convert,
        "poses of any estimator as lines of JSON; a dataset of wearables as one compact .npz",
        "edgehuman data convert openpose_json --rate-hz 30 --out poses.jsonl",
        "kind",
        choose.conversions,
    ),
    "data simulate": ChoiceCommand(
        choose.simulate,
        "simulated people: --kind imu (a sensor's CSV files), people (pictures), frames, ...",
        "edgehuman data simulate --kind imu --people 3 --minutes 5 --out recordings",
        "kind",
        choose.simulations,
    ),
    "data pack": ChoiceCommand(
        choose.pack,
        "a dataset in the form that trains fastest: images as shards, silhouettes as one file",
        "edgehuman data pack photos --out shards --shard-size 5000",
        "kind",
        choose.packs,
    ),
    "pretrain": ChoiceCommand(
        choose.pretrain,
        "self-supervised pretraining of an encoder",
        "edgehuman pretrain --arch imuvit_512x5 --data hapt_raw.npz --out runs/mae",
        "method",
        lambda: choose.actions(catalogue.METHODS),
    ),
    "import": ChoiceCommand(
        choose.weights,
        "published weights (timm, Cream, StarNet, DINO, MAE, OpenGait) as a checkpoint folder",
        "edgehuman import vit_tiny.safetensors --source timm --arch vit_tiny --out runs/v",
        "source",
        lambda: choose.actions(catalogue.SOURCES),
    ),
    "finetune": ChoiceCommand(
        choose.finetune,
        "a pretrained encoder (or none) to a task: probe, fine-tune, from scratch",
        "edgehuman finetune --task activity --weights runs/mae --data uci_har.npz --out runs/a",
        "task",
        lambda: choose.actions(catalogue.TASKS),
    ),
    "distill": ChoiceCommand(
        choose.distil,
        "a small student of a large teacher, then its INT8 file, compared with the teacher",
        "edgehuman distill --teacher runs/a --student imuconv_288k --data uci_har.npz",
        "task",
        choose.distillations,
    ),
    "prune": Command(
        "edgehuman.distill.prune.settings:PruneConfig",
        "edgehuman.distill.prune.prune:prune",
        "a network of your own with fewer channels, where that is measurably faster",
        "edgehuman prune mypackage.nets:MyNet --width 0.5 --out runs/narrow",
    ),
    "evaluate": ModelCommand(
        "evaluate",
        "an artefact's task metrics on a dataset's test part",
        "edgehuman evaluate zoo:activity --data uci_har.npz --json",
    ),
    "export": ChoiceCommand(
        choose.export,
        "a checkpoint to an ONNX or TensorRT file that carries its card and its proof",
        "edgehuman export runs/a --precision int8 --data uci_har.npz --out a-int8.onnx",
    ),
    "adapt": Command(
        "edgehuman.runtime.imu.adapt:AdaptConfig",
        "edgehuman.runtime.imu.adapt:adapt_model",
        "an activity model, adapted to one person by their labelled recording",
        "edgehuman adapt zoo:activity --data anna.csv --out anna.onnx",
    ),
    "bench": Command(
        "edgehuman.bench.bench:BenchConfig",
        "edgehuman.bench.bench:bench",
        "latency, accuracy and memory side by side: one table, one picture",
        "edgehuman bench zoo:activity zoo:activity-int8 --against torch,compile",
    ),
    "plan": Command(
        "edgehuman.bench.scale.plan:PlanConfig",
        "edgehuman.bench.scale.plan:plan",
        "which models fit a budget of milliseconds on a device, and what more data would buy",
        "edgehuman plan --device cpu --budget-ms 8 --people 8 --fps 25",
    ),
    "scale run": Command(
        "edgehuman.bench.scale.run:ScaleRunConfig",
        "edgehuman.bench.scale.run:run",
        "a grid of pretrainings from a TOML file: resumable, here or on a Slurm cluster",
        "edgehuman scale run recipes/scale_wearable.toml --out runs/wearable --processes 2",
    ),
    "scale fit": Command(
        "edgehuman.bench.scale.fit:FitConfig",
        "edgehuman.bench.scale.fit:fit",
        "scaling laws of a sweep's points, or of your own, with intervals and what they rest on",
        "edgehuman scale fit runs/sweep --json",
    ),
    "scale plot": Command(
        "edgehuman.bench.scale.plot:PlotConfig",
        "edgehuman.bench.scale.plot:plot",
        "the papers' scaling figures from a sweep's points, and one page with their numbers",
        "edgehuman scale plot runs/sweep --out figures",
    ),
    "run": ModelCommand(
        "run",
        "recognise a live stream (file, stdin, UDP, simulator), photos, skeletons, silhouettes",
        "edgehuman run zoo:activity --source walk.csv --json",
    ),
    "search": Command(
        "edgehuman.runtime.image.search.search:SearchConfig",
        "edgehuman.runtime.image.search.search:search",
        "photos, or the tracks of a recording, ranked by a sentence about a person",
        'edgehuman search "woman in a red coat" --photos holiday --model words.onnx',
    ),
    "gallery enroll": ModelCommand(
        "enroll",
        "enrol a person's walk in a gallery file",
        "edgehuman gallery enroll zoo:gait-skeleton --source a.jsonl --name ANNA --gallery k.npz",
    ),
    "gallery identify": ModelCommand(
        "identify",
        "name the nearest known person of every track",
        "edgehuman gallery identify zoo:gait-skeleton --source door.jsonl --gallery k.npz",
    ),
    "gallery list": Command(
        "edgehuman.runtime.gallery.commands:GalleryListConfig",
        "edgehuman.runtime.gallery.commands:list_gallery",
        "list the people of a gallery file, and its model",
        "edgehuman gallery list k.npz",
    ),
    "gallery forget": Command(
        "edgehuman.runtime.gallery.commands:ForgetConfig",
        "edgehuman.runtime.gallery.commands:forget",
        "remove a person, or one walk, from the file",
        "edgehuman gallery forget k.npz --name ANNA",
    ),
    "gallery show": Command(
        "edgehuman.runtime.gallery.commands:ShowConfig",
        "edgehuman.runtime.gallery.commands:show",
        "what a gallery holds of a person: walks, consent, how each fits to the others",
        "edgehuman gallery show k.gallery --name ANNA",
    ),
    "gallery export": Command(
        "edgehuman.runtime.gallery.commands:ExportPersonConfig",
        "edgehuman.runtime.gallery.commands:export",
        "what a gallery holds of a person as JSON, for that person",
        "edgehuman gallery export k.gallery --name ANNA --out anna.json",
    ),
    "gallery threshold": Command(
        "edgehuman.runtime.gallery.threshold:ThresholdConfig",
        "edgehuman.runtime.gallery.threshold:threshold",
        "the threshold for strangers, calibrated on the gallery's own people",
        "edgehuman gallery threshold k.gallery --apply",
    ),
    "gallery verify": Command(
        "edgehuman.runtime.gallery.verify:VerifyGalleryConfig",
        "edgehuman.runtime.gallery.verify:verify",
        "whether a gallery is whole, and as private as it should be",
        "edgehuman gallery verify k.gallery",
    ),
    "gallery audit": Command(
        "edgehuman.runtime.gallery.audit:AuditConfig",
        "edgehuman.runtime.gallery.audit:audit",
        "what was done to a gallery, and whether its log was changed",
        "edgehuman gallery audit k.gallery",
    ),
    "gallery key": Command(
        "edgehuman.runtime.gallery.key:GalleryKeyConfig",
        "edgehuman.runtime.gallery.key:key",
        "a key for encrypted galleries",
        "edgehuman gallery key --out k.key",
    ),
    "gallery rekey": Command(
        "edgehuman.runtime.gallery.rekey:RekeyConfig",
        "edgehuman.runtime.gallery.rekey:rekey",
        "encrypt a gallery anew, under another key",
        "edgehuman gallery rekey k.gallery --key k.key --new-key new.key",
    ),
    "gallery convert": Command(
        "edgehuman.runtime.gallery.convert:ConvertGalleryConfig",
        "edgehuman.runtime.gallery.convert:convert",
        "an .npz gallery as one that holds consent and can be encrypted",
        "edgehuman gallery convert k.npz --out k.gallery",
    ),
    "zoo get": Command(
        "edgehuman.runtime.fetch:GetConfig",
        "edgehuman.runtime.fetch:get",
        "fetch a model that is too large for the wheel",
        "edgehuman zoo get person-garments",
    ),
    "keys new": Command(
        "edgehuman.runtime.provenance.commands:NewKeyConfig",
        "edgehuman.runtime.provenance.commands:new",
        "a key to sign models with: the private half, and the public one for the devices",
        "edgehuman keys new factory",
    ),
    "sign": Command(
        "edgehuman.runtime.provenance.sign:SignConfig",
        "edgehuman.runtime.provenance.sign:sign",
        "sign models, with their engines, side files and parts, so that devices can verify them",
        "edgehuman sign activity.onnx --key factory.pem",
    ),
    "verify": Command(
        "edgehuman.runtime.provenance.verify:VerifyConfig",
        "edgehuman.runtime.provenance.verify:verify",
        "check the signatures of models, file by file: ok, changed, missing, extra",
        "edgehuman verify activity.onnx --key factory.pub.pem",
    ),
    "seal": Command(
        "edgehuman.runtime.provenance.seal:SealConfig",
        "edgehuman.runtime.provenance.seal:seal",
        "seal model files of an earlier edgehuman over all their bytes",
        "edgehuman seal activity.onnx",
    ),
    "doctor": Command(
        "edgehuman.runtime.doctor:DoctorConfig",
        "edgehuman.runtime.doctor:doctor",
        "what this machine can do, what is missing, and how to install it",
        "edgehuman doctor",
    ),
    "completion": Command(
        "edgehuman.flags.completion:CompletionConfig",
        "edgehuman.flags.completion:completion",
        "a script that completes commands and flags in bash, zsh or fish",
        "edgehuman completion bash",
    ),
}

# Commands of a named model, besides those of `catalogue.RECORDS`, that load it.
_LOADING = frozenset({"adapt", "bench", "export", "plan", "search"})


def loads_models(name: str, row: Command | ChoiceCommand | ModelCommand) -> bool:
    """Whether a command loads the models that its words name, and so may require signatures."""
    return name in _LOADING or isinstance(row, ModelCommand)
