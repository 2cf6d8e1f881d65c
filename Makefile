# Every target makes the .venv it needs: exactly what requirements.lock pins, then this project, editable.
# GNU make 3.81 (macOS) and a POSIX shell are enough.

PYTHON     ?= python3
WORKERS    ?= auto
SEED       ?= 1
UV_VERSION := 0.13.9
VENV       := .venv
PY         := $(VENV)/bin/python
PIP        := $(PY) -m pip --disable-pip-version-check -qq

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow test-shaken test-adapters check check-static format lock bench evaluate data-here screenshots clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

install: $(VENV)/.ready ## the .venv with everything in it, checked by hash

demo: $(VENV)/.ready ## small real agents, a broker, a supervisor and the console
	$(VENV)/bin/watchfloor demo

# What fails is run once more, and pytest's closing line counts it: a fault fails twice, a race between real processes
# on a busy machine is seen without holding up everybody. Its report stands above that line; it is still to be mended.
test: $(VENV)/.ready ## the tests (WORKERS=n processes, ARGS='-k name' for pytest)
	$(PY) -m pytest -n $(WORKERS) --dist loadgroup --reruns 1 -rR -m "not slow" $(ARGS)

test-slow: $(VENV)/.ready ## the tests that take long: kill tests, faults, fidelity, whole demos
	$(PY) -m pytest -m slow $(ARGS)

test-shaken: $(VENV)/.ready ## the same tests with things late by chance, to find races (SEED=n ARGS='tests/link')
	$(PY) -m pytest -p tests.fixtures.shaken --shaken $(SEED) -n $(WORKERS) --dist loadgroup -m "not slow" $(ARGS)

test-adapters: $(VENV)/.ready ## adapters, each with its real framework in an environment that is kept (FRAMEWORKS="langchain …")
	WATCHFLOOR_ADAPTERS=1 $(PY) -m pytest -n 0 -p tests.adapters.table \
		tests/adapters/contract.py tests/adapters/overhead.py tests/adapters/test_*.py $(ARGS)

check: ## everything: format, lint, types, import contracts, tests
	@$(MAKE) --no-print-directory check-static
	@$(MAKE) --no-print-directory test

check-static: $(VENV)/.ready ## the same without the tests
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

format: $(VENV)/.ready ## format, and fix what ruff can
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

bench: $(VENV)/.ready ## what supervisor and console cost, beside bare ones, one table
	$(PY) -m tests.bench

DATA ?= ../shared/data

evaluate: data-here $(VENV)/.ready ## the judge over recorded runs beside simple judges (DATA=folder of *.jsonl.gz)
	$(VENV)/bin/watchfloor evaluate --baselines $(DATA)/*.jsonl.gz

data-here:
	@ls $(DATA)/*.jsonl.gz >/dev/null 2>&1 || { \
		echo "evaluate: no *.jsonl.gz in $(DATA); name a folder of recorded runs: make evaluate DATA=FOLDER" >&2; exit 2; }

screenshots: $(VENV)/.ready ## the pictures of the README and docs
	$(PY) screenshots/make.py

lock: ## requirements.lock anew from pyproject.toml (UPGRADE=--upgrade for newer versions)
	@$(PYTHON) -m venv $(VENV)-lock
	@$(VENV)-lock/bin/python -m pip --disable-pip-version-check --quiet install uv==$(UV_VERSION)
	$(VENV)-lock/bin/uv --quiet pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
		--custom-compile-command 'make lock' $(UPGRADE) --output-file requirements.lock
	@rm -rf $(VENV)-lock

clean: ## remove the .venv, caches and build output
	rm -rf $(VENV) $(VENV)-lock build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find bus console tests -name __pycache__ -prune -exec rm -rf {} +

# A new lock means a new .venv, so that nothing is left over from the old one; a new pyproject.toml only installs us again.
$(VENV)/.locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "make: '$(PYTHON)' is missing or older than Python 3.11; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "make: '$(PYTHON)' cannot make a virtual environment (no ensurepip): install its venv package, e.g. python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.ready: $(VENV)/.locked pyproject.toml
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
