"""Loggers of one's own: Weights & Biases and MLflow.

    pip install wandb mlflow       edgehuman does not depend on either
    PYTHONPATH=examples edgehuman finetune --task activity --logger loggers:WandbLogger
    python examples/loggers.py --logger mlflow

A logger has log(step, metrics) and close(). Under torchrun only the first process makes one.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import edgehuman
from edgehuman.config import to_table
from edgehuman.tasks.imu.settings import ActivityConfig
from edgehuman.training.loggers import Logger
from edgehuman.training.settings import TrainingConfig


class WandbLogger:
    """A run of Weights & Biases, named for the training's folder."""

    def __init__(self, config: TrainingConfig) -> None:
        import wandb

        self._run = wandb.init(
            project="edgehuman", name=config.out.name, dir=str(config.out), config=to_table(config)
        )

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Log the metrics of a step."""
        self._run.log(dict(metrics), step=step)

    def close(self) -> None:
        """End the run."""
        self._run.finish()


class MlflowLogger:
    """A run of MLflow; MLFLOW_TRACKING_URI says where."""

    def __init__(self, config: TrainingConfig) -> None:
        import mlflow

        self._mlflow = mlflow
        mlflow.set_experiment("edgehuman")
        mlflow.start_run(run_name=config.out.name)
        mlflow.log_params(to_table(config))

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Log the metrics of a step."""
        self._mlflow.log_metrics(dict(metrics), step=step)

    def close(self) -> None:
        """End the run."""
        self._mlflow.end_run()


LOGGERS: Mapping[str, Callable[[TrainingConfig], Logger]] = {
    "wandb": WandbLogger,
    "mlflow": MlflowLogger,
}


def main(words: Sequence[str] | None = None) -> None:
    """Train for a few steps on simulated walkers, with the logger."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--logger", choices=LOGGERS, required=True)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("runs/logged"))
    given = parser.parse_args(words)
    config = ActivityConfig(
        out=given.out, arch="imuconv_288k", steps=given.steps, batch=64, log_every=5
    )
    given.out.mkdir(parents=True, exist_ok=True)
    print(edgehuman.train(config, loggers=[LOGGERS[given.logger](config)]).text)


if __name__ == "__main__":
    main()
