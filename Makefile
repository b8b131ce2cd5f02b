# Two commands on a fresh machine: `make demo` and `make test`. Each makes .venv first where it is missing.
#
#   PYTHON=python3.12 make demo     another interpreter (3.10 or newer)
#   PIP_FLAGS='--extra-index-url https://download.pytorch.org/whl/cpu' make test
#                                   PyTorch without CUDA: 0.2 GB to download in place of 3
#   VENV_FLAGS=--system-site-packages make demo
#                                   see the system's Python packages, as JetPack's TensorRT on a Jetson
#   LOCK=off make test              versions of constraints.txt, no file held against its hash; where lock/ does not
#                                   fit (another system than Linux on x86-64), so it is anyway, and said
#   TORCH_SHA256=... make test      take that build of PyTorch alone, as of the index above
#   WORKERS=8 make test             tests in eight processes (each takes about 1.5 GB); usually two

PYTHON ?= python3
PIP_FLAGS ?=
VENV_FLAGS ?=
WORKERS ?= 2
KILLS ?= 200
FUZZ_SECONDS ?= 60
TARGET ?=
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python .ci/install
SOURCES := edgehuman bench distill examples export pretrain recipes tests

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-long test-longest check .types .house docs audit bench fuzz kill format clean

help: ## this page
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.device ## install what a device needs (no PyTorch), then recognise a live stream
	@echo "== demo: a live stream, recognised by the embedded model"
	@$(BIN)/edgehuman demo

test: $(VENV)/.full ## install everything, then run the tests
	@echo "== test: pytest, in $(WORKERS) processes"
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test-long: $(VENV)/.full ## the tests that judge what ships or is published, or take long
	@echo "== test-long: pytest -m long"
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -m long -n $(WORKERS) --dist worksteal

test-longest: $(VENV)/.full ## the largest networks and the pages of minutes; CI does not run it
	@echo "== test-longest: pytest -m longest"
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -m longest -n $(WORKERS) --dist worksteal

check: $(VENV)/.full ## formatting, lint, types, import contracts, the rules of the house
	@echo "== check: ruff format, ruff, mypy --strict, import-linter, the rules of the house"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(MAKE) --no-print-directory -j2 .types .house

.types:
	@$(BIN)/mypy

.house:
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest -q tests/whole/test_layout.py tests/whole/test_imports.py

docs: $(VENV)/.docs ## build the pages and the reference into site/, warnings as errors
	@echo "== docs: mkdocs build --strict"
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "open site/index.html"

kill: $(VENV)/.full ## 400 writers of galleries and 200 trainings, killed at any moment: nothing is lost
	@echo "== kill: $(KILLS) of each"
	@$(BIN)/python -m tests.kills gallery $(KILLS)
	@$(BIN)/python -m tests.kills store $(KILLS)
	@TQDM_DISABLE=1 $(BIN)/python -m tests.kills checkpoints $(KILLS)

audit: ## ask PyPI for known weaknesses of every version in lock/; fails where it cannot be asked
	@.ci/audit

bench: $(VENV)/.full ## the project's targets for speed and memory, as ratios measured here
	@echo "== bench: every target is a ratio of two things measured in this run"
	@$(BIN)/python -m edgehuman.bench.targets.targets

fuzz: $(VENV)/.full ## attack every parser with mutated files; TARGET=gallery FUZZ_SECONDS=600
	@echo "== fuzz: atheris, $(FUZZ_SECONDS) seconds a target; what it finds stands in .cache/fuzz"
	@$(BIN)/python -m tests.fuzz.run --seconds $(FUZZ_SECONDS) $(addprefix --target ,$(TARGET)) --json .cache/fuzz/results.json

format: $(VENV)/.full ## format the code and mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean: ## remove .venv, caches and what the demo wrote
	rm -rf $(VENV) demo site build dist edgehuman.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .cache/fuzz
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment ------------------------------------------------------------------------------------

$(BIN)/python:
	@echo "== a new Python environment in $(VENV) (once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "edgehuman needs Python 3.10 or newer; '$(PYTHON)' is not. Say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call apt,python3-venv)
	@$(PYTHON) -m venv $(VENV_FLAGS) $(VENV)

$(VENV)/.device: pyproject.toml constraints.txt lock/device.txt lock/full.txt lock/docs.txt | $(BIN)/python
	@echo "== installing what a device needs: numpy, OpenCV, onnxruntime (no PyTorch)"
	@$(INSTALL) device $(PIP_FLAGS)
	@$(BIN)/python -c 'import cv2' 2>/dev/null || $(call apt,libgl1 libglib2.0-0)
	@touch $@

$(VENV)/.full: $(VENV)/.device
	@echo "== installing what training, export, tests and checks need: PyTorch, onnx, TensorRT-RTX, pytest, ruff, mypy"
	@$(INSTALL) full $(PIP_FLAGS)
	@touch $@

$(VENV)/.docs: $(VENV)/.full
	@echo "== installing what the pages need: mkdocs-material, mkdocstrings"
	@$(INSTALL) docs $(PIP_FLAGS)
	@touch $@

# apt packages, only where one is missing: installed by root, otherwise named.
define apt
{ if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    echo "== installing with apt: $(1)"; apt-get update -qq && apt-get install -y -qq --no-install-recommends $(1); \
  else echo "missing system packages; run: sudo apt-get install $(1)" >&2; exit 1; fi; }
endef
