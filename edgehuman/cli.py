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
from typing import TYPE_CHECKING

from edgehuman import catalogue, process
from edgehuman.config import resolve
from edgehuman.errors import EdgehumanError, UsageError, printable, saying_unreachable
from edgehuman.flags import choose
from edgehuman.flags.words import flag_value, recipe_table, take, take_recipe, wants_help
from edgehuman.install import not_installed
from edgehuman.outcome import Outcome, to_json

if TYPE_CHECKING:
    from edgehuman.flags.completion import Offer


@dataclass(frozen=True, slots=True)
class Command:
    """One sub-command: dotted paths of its config and its function, a summary, an example."""

    config: str
    function: str
    summary: str
    example: str


@dataclass(frozen=True, slots=True)
class ChoiceCommand:
    """A sub-command whose config depends on a flag, such as `--method` or `--source`.

    Attributes:
        choose: words -> dotted paths of config and function.
        flag: the flag that chooses; "" if something else does.
        rows: value of the flag -> what it runs, for the help.
    """

    choose: Callable[[Sequence[str]], tuple[str, str]]
    summary: str
    example: str
    flag: str = ""
    rows: Callable[[], Mapping[str, catalogue.Action]] = dict


@dataclass(frozen=True, slots=True)
class ModelCommand:
    """A sub-command whose config depends on the model: a step of `catalogue.RECORDS`, chosen by the
    record in the model's card.
    """

    step: str
    summary: str
    example: str


COMMANDS: Mapping[str, Command | ChoiceCommand | ModelCommand] = {
    "demo": Command(
        "edgehuman.runtime.demo.demo:DemoConfig",
        "edgehuman.runtime.demo.demo:demo",
        "recognise a simulated live stream with the built-in model; no download",
        "edgehuman demo --seconds 60",
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
        "simulated people: --kind imu (a sensor's CSV files), people (pictures), skeletons",
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
    "run": ModelCommand(
        "run",
        "recognise a live stream (file, stdin, UDP, simulator), photos, skeletons, silhouettes",
        "edgehuman run zoo:activity --source walk.csv --json",
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
        "edgehuman.runtime.commands:GalleryListConfig",
        "edgehuman.runtime.commands:list_gallery",
        "list the people of a gallery file, and its model",
        "edgehuman gallery list k.npz",
    ),
    "gallery forget": Command(
        "edgehuman.runtime.commands:ForgetConfig",
        "edgehuman.runtime.commands:forget",
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
    "completion": Command(
        "edgehuman.flags.completion:CompletionConfig",
        "edgehuman.flags.completion:completion",
        "a script that completes commands and flags in bash, zsh or fish",
        "edgehuman completion bash",
    ),
}


def offered() -> dict[str, Offer]:
    """What a shell completes: every command, with all configs that it may have."""
    from edgehuman.flags.completion import Offer

    paths: dict[str, list[str]] = {}
    for name, row in COMMANDS.items():
        if isinstance(row, Command):
            paths[name] = [row.config]
        elif isinstance(row, ModelCommand):
            paths[name] = [action.config for action in catalogue.served(row.step).values()]
        else:
            actions = row.rows().values()
            paths[name] = [each.config for each in actions] or [row.choose(["--help"])[0]]
    return {name: Offer(COMMANDS[name].summary, tuple(found)) for name, found in paths.items()}


def _summaries(word: str = "") -> dict[str, str]:
    """The summaries of all commands, or of those that begin with the word."""
    start = f"{word} " if word else ""
    own = {name: row.summary for name, row in COMMANDS.items() if name.startswith(start)}
    return own | ({} if word else {"help": "the flags of a command: edgehuman help run"})


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
    catalogue.find({name.split()[0]: None for name in COMMANDS}, "command", words[0])
    raise AssertionError("unreachable: find() raises for an unknown name")


def _by_model(name: str, row: ModelCommand, words: Sequence[str]) -> catalogue.Action | None:
    """The step for the model in the words; the only one there is, whatever the words; None without
    a model if help is requested.

    Raises:
        UsageError: no model.
    """
    from edgehuman.runtime.run import find_step

    served: dict[str, catalogue.Action] = catalogue.served(row.step)
    if len(served) == 1:
        return next(iter(served.values()))
    action = find_step(row.step, words, recipe_table(words))
    if action is None and not wants_help(words):
        raise UsageError(
            f"edgehuman {name} needs a model: zoo:NAME, a path, or a name from `edgehuman "
            f"models`; e.g. {row.example}"
        )
    return action


def call(words: Sequence[str]) -> tuple[Outcome, bool]:
    """Run one command; its outcome, and whether JSON was requested."""
    name, rest = _find_command(words)
    row = COMMANDS[name]
    example, prog = row.example, f"edgehuman {name}"
    if isinstance(row, ModelCommand):
        from edgehuman.runtime.run import help_page

        action = _by_model(name, row, rest)
        if action is None:
            return Outcome({}, help_page(name, row.step, row.summary)), False
        config_path, function_path = action.config, action.function
        example, prog = action.example or example, f"edgehuman {name} MODEL"
    elif isinstance(row, ChoiceCommand):
        config_path, function_path = row.choose(rest)
    else:
        config_path, function_path = row.config, row.function
    config_class = catalogue.load_object(config_path)
    if wants_help(rest):
        return Outcome({}, _page(name, config_path, rest, example)), False
    own_json = "json" in {f.name for f in dataclasses.fields(config_class)}
    as_json = not own_json and take(rest, "--json")
    config = resolve(config_class, rest, take_recipe(rest), prog=prog)
    function = catalogue.load_object(function_path)
    process.raise_again()
    if getattr(config, "model", None) in catalogue.NETWORKS:
        from edgehuman.export.catalogued import taking_names

        function = taking_names(function)
    if name != "info" and (hasattr(config, "model") or hasattr(config, "models")):
        from edgehuman.runtime.info import saying_random

        function = saying_random(function)
    outcome: Outcome = function(config, offered()) if name == "completion" else function(config)
    return outcome, as_json


def _page(name: str, config_path: str, words: Sequence[str], example: str) -> str:
    """The help of one command; of one that chooses, with all choices and their examples."""
    from edgehuman.flags.page import Choices, first_sentence, page

    row, load = COMMANDS[name], catalogue.load_object
    if not isinstance(row, ChoiceCommand) or not row.flag:
        return page(name, row.summary, load(config_path), [example])
    actions = row.rows()
    said = {}
    for value, action in actions.items():
        try:
            said[value] = first_sentence(load(action.config))
        except ModuleNotFoundError as error:  # the page of another choice is whole without it
            if error.name is None or error.name.partition(".")[0] == "edgehuman":
                raise
            said[value] = f"Needs {error.name}, which is not installed."
    given = flag_value(words, row.flag, recipe_table(words))
    chosen = given or next(value for value, each in actions.items() if each.config == config_path)
    choices = Choices(row.flag, said, chosen, given is not None)
    return page(
        name, row.summary, load(config_path), [each.example for each in actions.values()], choices
    )


@saying_unreachable()
def _answer(words: Sequence[str]) -> int:
    """Run the command and print its result; returns the exit code."""
    from edgehuman.flags import page as pages

    if words[:1] in (["help"], ["-h"], ["--help"]):
        words = [*(word for word in words[1:] if word not in ("-h", "--help")), "--help"]
    if not words or words[0] in ("-h", "--help"):
        print(pages.overview(_summaries()))
        return 0
    asks = words[0] not in COMMANDS and words[1:] in (["-h"], ["--help"])
    if asks and (family := _summaries(words[0])):
        print(pages.family(family))
        return 0
    if words[0] in ("-V", "--version"):
        if words[1:]:
            raise UsageError(f"{words[0]} stands alone; {words[1]!r} is one word too many")
        import edgehuman

        print(edgehuman.__version__)
        return 0
    outcome, as_json = call(words)
    if said := to_json(outcome.data) if as_json else printable(outcome.text):
        print(said)
    return outcome.exit_code


def main(words: Sequence[str] | None = None) -> int:
    """The entry point: returns the exit code."""
    words = list(sys.argv[1:] if words is None else words)
    try:
        exit_code = _answer(words)
        sys.stdout.flush()
        return exit_code
    except EdgehumanError as error:
        print(f"edgehuman: {printable(str(error))}", file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "edgehuman":
            raise
        print(f"edgehuman: {(missing := not_installed(error.name))}", file=sys.stderr)
        return missing.exit_code
    except KeyboardInterrupt:
        print("edgehuman: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
