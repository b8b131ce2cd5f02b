"""What a row of `catalogue.RECORDS` says: what every stage does with one kind of record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """What a command runs: dotted paths of the config and the function, an example line, and the
    suffix of `--out` that chooses it, such as ".npz".
    """

    config: str
    function: str
    example: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What every stage does with one kind of record, as dotted paths imported on demand. A stage
    that is empty or None is not supported, and `step` raises.

    Attributes:
        modality: imu, skeleton, silhouette or image: the name of its folder in every layer.
        axes: names of the axes after the batch, for those of a graph that are dynamic.
        input, output: (Network) -> the `card.InputSpec` and `card.OutputSpec` of a catalogued
            network with random weights; the network defines the width of an embedding.
        build: (card, weights, seed) -> the network (torch) that a card describes, with random
            weights; a checkpoint's weights, if given, fix what the card leaves open of its shape.
        contract: (network, name, arguments it was built with) -> None; raises UsageError for a
            network of the caller's own that does not behave as one of this record.
        load: path or "simulated" -> the dataset; extent: (Dataset) -> its size, for `data list`.
        layouts: () -> the file layouts (`data.layout.Layout`) that hold this record.
        check: (path, dataset) -> the outcome of `edgehuman data check`, or None if the path holds
            another record.
        kind: the value of `--kind` in `edgehuman data simulate`, `pack` and `convert`.
        simulate, pack, convert: what `edgehuman data simulate`, `pack` and `convert` run.
        samples: (card, data) -> the records that calibrate and check an export.
        calibrate, judge: samples for INT8 calibration, and samples that check a float graph: the
            default, and for networks over 20 M parameters.
        score: (card, `bench.trial.Words`) -> the `bench.trial.Trial` of `edgehuman bench`: what is
            timed, and how a model is scored.
        stream: (model, source, *, options) -> the `LiveStream` of `edgehuman.stream`; its
            keyword-only parameters are the options of this record.
        run, evaluate, enroll, identify: what `edgehuman run`, `evaluate`, `gallery enroll` and
            `gallery identify` run.
        lengths: smallest, usual and largest size of an engine's dynamic axis; None: as asked for.
        needs: what somebody has to bring, in words, for `edgehuman info`.
    """

    modality: str
    axes: tuple[str, ...] = ()
    input: str = ""
    output: str = ""
    build: str = ""
    contract: str = ""
    load: str = ""
    layouts: str = ""
    extent: str = ""
    check: str = ""
    kind: str = ""
    simulate: Action | None = None
    pack: Action | None = None
    convert: Action | None = None
    samples: str = ""
    calibrate: tuple[int, int] = (512, 256)
    judge: tuple[int, int] = (64, 64)
    score: str = ""
    run: Action | None = None
    stream: str = ""
    evaluate: Action | None = None
    enroll: Action | None = None
    identify: Action | None = None
    lengths: tuple[int, int, int] | None = None
    needs: str = ""
