# Everything sets itself up: a fresh machine needs Python 3.11 and make.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out
# What a worker has done with its own share it takes from the others', so that none ends long before the rest.
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal

.PHONY: compare quick test accept machine-code lint bench docs clean help rig rig-tools browser-tools

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

compare: $(VENV)/run ## the main question: node-direct or central pushes, over five metros
	$(BIN)/regsim compare scenarios/metros.toml --out $(OUT)/metros

quick: $(VENV)/test $(VENV)/machine-code ## the tests of a minute: all but those of whole scenarios, verbs and processes
	$(PYTEST) -m "not slow and not integration" --hypothesis-profile=quick

test: $(VENV)/test $(VENV)/machine-code ## the tests of minutes: all but the long ones
	$(PYTEST) -m "not slow"

accept: $(VENV)/test $(VENV)/machine-code ## the long tests, and every property again with far more examples
	$(PYTEST) -m "slow or hypothesis" --hypothesis-profile=accept

machine-code: $(VENV)/machine-code ## compile what numba compiles, unless that is done: runs of some size are then fast

lint: $(VENV)/test ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/test ## speed of the network and of the whole simulator on this machine
	$(BIN)/python tests/bench/bench_network.py
	$(BIN)/python tests/bench/bench_engines.py
	$(BIN)/python tests/bench/bench_package.py

docs: $(VENV)/run ## write the pages and drawings that are read off the code
	$(BIN)/python -m sim.docs

rig: $(VENV)/test ## measure real pushes and pulls on this machine, as root, and score the simulator against them
	set -e; for control in cubic bbr; do \
	  $(BIN)/python tests/rig/measure.py tests/rig/$$control.json $(OUT)/rig/$$control; \
	  $(BIN)/regsim score $(OUT)/rig/$$control/RIG.json $(OUT)/rig/$$control/MEASURED.csv; \
	done

rig-tools: ## install the real registry and client that the rig and its tests use, on Debian, as root
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends docker-registry skopeo iproute2 procps

browser-tools: $(VENV)/test ## install the browser that tests open pages in, on Debian, as root, and what drives it
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c tests/constraints.txt -e '.[browser]'

clean: ## remove what was made
	rm -rf $(VENV) $(OUT) build *.egg-info .pytest_cache .mypy_cache .ruff_cache

$(VENV)/machine-code: $(VENV)/run tests/machine_code.py $(shell find sim -name '*.py')
	$(BIN)/python tests/machine_code.py
	@touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: pyproject.toml tests/constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c tests/constraints.txt -e .
	@touch $@

$(VENV)/test: pyproject.toml tests/constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c tests/constraints.txt -e '.[test,lint]'
	@touch $@ $(VENV)/run
