"""The command line: words -> Config -> one function -> one printed result.

One row per sub-command; a row's modules are imported only when it is called. Results go to stdout,
progress and logs to stderr. Exit code 0: done; 1: the run failed; 2: wrong arguments.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehuman import catalogue
from edgehuman.config import resolve
from edgehuman.errors import EdgehumanError, MissingDependencyError, UsageError
from edgehuman.outcome import Outcome, to_json


@dataclass(frozen=True, slots=True)
class Command:
    """One sub-command: dotted paths of its config and its function, a summary, an example."""

    config: str
    function: str
    summary: str
    example: str


@dataclass(frozen=True, slots=True)
class ChoiceCommand:
    """A sub-command whose config depends on a flag: `--method`, `--task` or `--kind`."""

    choose: Callable[[Sequence[str]], tuple[str, str]]
    summary: str
    example: str


@dataclass(frozen=True, slots=True)
class ModelCommand:
    """A sub-command whose config depends on the model: a step of `catalogue.RECORDS`, chosen by the
    record in the model's card.
    """

    step: str
    summary: str
    example: str


def _flag_value(words: Sequence[str], flag: str, recipe: Mapping[str, Any]) -> str | None:
    """The value of a flag in the words, or of its key in the recipe."""
    for i, word in enumerate(words):
        if word == f"--{flag}" and i + 1 < len(words):
            return words[i + 1]
        if word.startswith(f"--{flag}="):
            return word.partition("=")[2]
    value = recipe.get(flag)
    return value if isinstance(value, str) else None


def _recipe_table(words: Sequence[str]) -> Mapping[str, Any]:
    from edgehuman.config import read_table

    name = _flag_value(words, "recipe", {})
    return {} if name is None else read_table(Path(name))


def _pretrain(words: Sequence[str]) -> tuple[str, str]:
    recipe = _recipe_table(words)
    method = _flag_value(words, "method", recipe)
    arch = _flag_value(words, "arch", recipe)
    if method is None:
        method = (
            "mae" if arch is None else catalogue.find(catalogue.NETWORKS, "network", arch).method
        )
    if method == "none":
        raise UsageError(
            f"--arch {arch} has no pretraining; train it from scratch with `edgehuman finetune`"
        )
    row = catalogue.find(catalogue.METHODS, "method", method)
    return row.config, row.train


def _finetune(words: Sequence[str]) -> tuple[str, str]:
    task = _flag_value(words, "task", _recipe_table(words)) or "activity"
    row = catalogue.find(catalogue.TASKS, "task", task)
    return row.config, row.train


def _simulate(words: Sequence[str]) -> tuple[str, str]:
    records = catalogue.RECORDS.values()
    kinds = {record.kind: record.simulate for record in records if record.simulate}
    kind = _flag_value(words, "kind", _recipe_table(words)) or next(iter(kinds))
    action: catalogue.Action = catalogue.find(kinds, "kind", kind)
    return action.config, action.function


def _export(words: Sequence[str]) -> tuple[str, str]:
    """An engine of a finished ONNX file needs no PyTorch, so that a device can build it."""
    config_path = "edgehuman.export.words:ExportConfig"
    if not _wants_help(words):
        rest = [word for word in words if word != "--json"]
        recipe = _take_value(rest, "--recipe")
        config = resolve(catalogue.load_object(config_path), rest, recipe, "edgehuman export")
        if config.checkpoint.startswith("zoo:") or Path(config.checkpoint).suffix == ".onnx":
            return config_path, "edgehuman.export.engine.from_onnx:build_from_onnx"
    return config_path, "edgehuman.export.export:export"


COMMANDS: Mapping[str, Command | ChoiceCommand | ModelCommand] = {
    "demo": Command(
        "edgehuman.runtime.demo:DemoConfig",
        "edgehuman.runtime.demo:demo",
        "recognise a simulated live stream with the built-in model; no download",
        "edgehuman demo --seconds 60",
    ),
    "models": Command(
        "edgehuman.catalogue:ModelsConfig",
        "edgehuman.catalogue:models",
        "every network: family, parameters, operations, input, source",
        "edgehuman models --json",
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
    "data simulate": ChoiceCommand(
        _simulate,
        "simulated people: --kind imu (CSV files of a sensor), people (pictures) or skeletons",
        "edgehuman data simulate --kind imu --people 3 --minutes 5 --out recordings",
    ),
    "data pack": Command(
        "edgehuman.data.image.unlabelled.pack:PackConfig",
        "edgehuman.data.image.unlabelled.pack:pack",
        "images into WebDataset shards; the same command resumes where it stopped",
        "edgehuman data pack photos --out shards --shard-size 5000",
    ),
    "pretrain": ChoiceCommand(
        _pretrain,
        "self-supervised pretraining of an encoder",
        "edgehuman pretrain --arch imuvit_512x5 --data hapt_raw.npz --out runs/mae",
    ),
    "import": Command(
        "edgehuman.training.import_weights:ImportConfig",
        "edgehuman.training.import_weights:import_weights",
        "published weights (timm, Cream, StarNet, DINO, MAE) as a checkpoint folder",
        "edgehuman import vit_tiny.safetensors --source timm --arch vit_tiny --out runs/v",
    ),
    "finetune": ChoiceCommand(
        _finetune,
        "a pretrained encoder (or none) to a task: probe, fine-tune, from scratch",
        "edgehuman finetune --task activity --weights runs/mae --data uci_har.npz --out runs/a",
    ),
    "evaluate": ModelCommand(
        "evaluate",
        "an artefact's task metrics on a dataset's test part",
        "edgehuman evaluate zoo:activity --data uci_har.npz --json",
    ),
    "export": ChoiceCommand(
        _export,
        "a checkpoint to an ONNX or TensorRT file that carries its card and its proof",
        "edgehuman export runs/a --precision int8 --data uci_har.npz --out a-int8.onnx",
    ),
    "bench": Command(
        "edgehuman.bench.bench:BenchConfig",
        "edgehuman.bench.bench:bench",
        "latency, accuracy and memory side by side: one table, one picture",
        "edgehuman bench zoo:activity zoo:activity-int8 --against torch,compile",
    ),
    "run": ModelCommand(
        "run",
        "recognise a live stream (file, stdin, UDP, simulator), photos or skeletons",
        "edgehuman run zoo:activity --source walk.csv --json",
    ),
    "gallery enroll": Command(
        "edgehuman.runtime.skeleton.commands:EnrolConfig",
        "edgehuman.runtime.skeleton.commands:enroll",
        "enrol a person's walk in a gallery file",
        "edgehuman gallery enroll zoo:gait-skeleton --source a.jsonl --name ANNA --gallery k.npz",
    ),
    "gallery identify": Command(
        "edgehuman.runtime.skeleton.commands:IdentifyConfig",
        "edgehuman.runtime.skeleton.commands:identify",
        "name the nearest known person of every track",
        "edgehuman gallery identify zoo:gait-skeleton --source door.jsonl --gallery k.npz",
    ),
    "gallery list": Command(
        "edgehuman.runtime.skeleton.commands:GalleryListConfig",
        "edgehuman.runtime.skeleton.commands:list_gallery",
        "list the people of a gallery file, and its model",
        "edgehuman gallery list k.npz",
    ),
    "gallery forget": Command(
        "edgehuman.runtime.skeleton.commands:ForgetConfig",
        "edgehuman.runtime.skeleton.commands:forget",
        "remove a person, or one walk, from the file",
        "edgehuman gallery forget k.npz --name ANNA",
    ),
    "zoo get": Command(
        "edgehuman.runtime.fetch:GetConfig",
        "edgehuman.runtime.fetch:get",
        "fetch a model that is too large for the wheel",
        "edgehuman zoo get person-garments",
    ),
    "doctor": Command(
        "edgehuman.runtime.doctor:DoctorConfig",
        "edgehuman.runtime.doctor:doctor",
        "what this machine can do, what is missing, and how to install it",
        "edgehuman doctor",
    ),
}


def help_text() -> str:
    """The page that `edgehuman --help` prints."""
    width = max(map(len, COMMANDS))
    rows = [f"  {name:<{width}}  {row.summary}" for name, row in COMMANDS.items()]
    return "\n".join(
        [
            "usage: edgehuman COMMAND [WORDS] [--json] [--recipe FILE.toml]",
            "",
            "Human sensing on the edge: pretrain, fine-tune, export, and run live.",
            "",
            *rows,
            "",
            "A model is zoo:NAME, a path, or a name from `edgehuman models` (random weights).",
            "--data is a path, or the word `simulated`. --json prints one object for machines.",
            "`edgehuman COMMAND --help` shows the command's flags and an example.",
        ]
    )


def _family_text(word: str) -> str:
    """The text of `edgehuman gallery --help`: the commands that begin with the word."""
    family = {name: row for name, row in COMMANDS.items() if name.startswith(f"{word} ")}
    width = max(map(len, family), default=0)
    return "\n".join(f"  {name:<{width}}  {row.summary}" for name, row in family.items())


def _find_command(words: Sequence[str]) -> tuple[str, list[str]]:
    """The command's name and the words after it; commands may have two words."""
    for count in (2, 1):
        name = " ".join(words[:count])
        if name in COMMANDS:
            return name, list(words[count:])
    family = [name for name in COMMANDS if name.startswith(f"{words[0]} ")]
    if family:
        said = f"{words[1]!r} is not one" if len(words) > 1 else "it is missing"
        raise UsageError(
            f"`edgehuman {words[0]}` needs a second word, but {said}: {', '.join(family)}"
        )
    top = {name.split()[0]: None for name in COMMANDS}
    catalogue.find(top, "command", words[0])
    raise AssertionError("unreachable: find() raises for an unknown name")


def _take(words: list[str], flag: str) -> bool:
    found = flag in words
    words[:] = [word for word in words if word != flag]
    return found


def _take_value(words: list[str], flag: str) -> Path | None:
    value = _flag_value(words, flag.removeprefix("--"), {})
    if value is None:
        if flag in words:
            raise UsageError(f"{flag} needs a value: the path of a .toml file")
        return None
    kept: list[str] = []
    skip = False
    for word in words:
        if skip or word.startswith(f"{flag}="):
            skip = False
        elif word == flag:
            skip = True
        else:
            kept.append(word)
    words[:] = kept
    return Path(value)


def _by_model(row: ModelCommand, words: Sequence[str]) -> catalogue.Action | None:
    """The step for the model in the words; None without a model if help is requested.

    Raises:
        UsageError: no model.
    """
    from edgehuman.runtime.run import find_step

    action = find_step(row.step, words, _recipe_table(words))
    if action is None and not _wants_help(words):
        raise UsageError(
            f"edgehuman {row.step} needs a model: zoo:NAME, a path, or a name from `edgehuman "
            f"models`; e.g. {row.example}"
        )
    return action


def _wants_help(words: Sequence[str]) -> bool:
    return "--help" in words or "-h" in words


def call(words: Sequence[str]) -> tuple[Outcome, bool]:
    """Run one command; its outcome, and whether JSON was requested."""
    name, rest = _find_command(words)
    row = COMMANDS[name]
    example, prog = row.example, f"edgehuman {name}"
    if isinstance(row, ModelCommand):
        from edgehuman.runtime.run import help_page

        action = _by_model(row, rest)
        if action is None:
            return Outcome({}, help_page(row.step, row.summary)), False
        config_path, function_path = action.config, action.function
        example, prog = action.example or example, f"edgehuman {name} MODEL"
    elif isinstance(row, ChoiceCommand):
        config_path, function_path = row.choose(rest)
    else:
        config_path, function_path = row.config, row.function
    config_class = catalogue.load_object(config_path)
    own_json = "json" in {f.name for f in dataclasses.fields(config_class)}
    as_json = "--json" in rest
    if not own_json:
        _take(rest, "--json")
    recipe = _take_value(rest, "--recipe")
    if _wants_help(rest):
        print(f"{row.summary}\n\nexample: {example}\nalso: --json, --recipe FILE.toml\n")
    config = resolve(config_class, rest, recipe, prog=prog)
    function = catalogue.load_object(function_path)
    if getattr(config, "model", None) in catalogue.NETWORKS:
        from edgehuman.export.catalogued import taking_names

        function = taking_names(function)
    outcome: Outcome = function(config)
    return outcome, as_json and not own_json


def _answer(words: Sequence[str]) -> int:
    """Run the command and print its result; returns the exit code."""
    if not words or words[0] in ("-h", "--help"):
        print(help_text())
        return 0
    asks = words[0] not in COMMANDS and words[1:] in (["-h"], ["--help"])
    if asks and (text := _family_text(words[0])):
        print(text)
        return 0
    if words[0] == "--version":
        import edgehuman

        print(edgehuman.__version__)
        return 0
    outcome, as_json = call(words)
    if as_json:
        print(to_json(outcome.data))
    elif outcome.text:
        print(outcome.text)
    return outcome.exit_code


def main(words: Sequence[str] | None = None) -> int:
    """The entry point: returns the exit code."""
    words = list(sys.argv[1:] if words is None else words)
    try:
        exit_code = _answer(words)
        sys.stdout.flush()
        return exit_code
    except EdgehumanError as error:
        print(f"edgehuman: {error}", file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        missing = MissingDependencyError(
            f"{error.name} is not installed; run: pip install 'edgehuman[train]'"
        )
        if error.name is None or error.name.startswith("edgehuman"):
            raise
        print(f"edgehuman: {missing}", file=sys.stderr)
        return missing.exit_code
    except KeyboardInterrupt:
        print("edgehuman: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
