# `make` or `make help` lists what can be done.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
SCALE ?= 1
LANDING ?=
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m nps_chain
BUILD_STAMP := $(VENV)/.build-installed
TEST_STAMP := $(VENV)/.test-installed
NEEDS_PYTHON := import sys; sys.exit(sys.version_info < (3, 11))
SQL := models tests/data analyses

.PHONY: help setup setup-test demo intake build publish verdict test lint sqlfluff unit docs lock clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(BUILD_STAMP) ## set up the environment of the build

setup-test: $(TEST_STAMP) ## set up the environment of the tests

demo: $(BUILD_STAMP) ## generate the demo data: make demo SCALE=2
	@$(RUN) demo --demo-scale "$(SCALE)"

intake: $(BUILD_STAMP) ## read the raw files only: make intake LANDING=path
	@$(RUN) intake --demo-scale "$(SCALE)" $(if $(LANDING),--landing "$(LANDING)")

build: $(BUILD_STAMP) ## from raw files to the verdict, on demo data or on yours: make build LANDING=path
	@$(RUN) build --demo-scale "$(SCALE)" $(if $(LANDING),--landing "$(LANDING)")

publish: $(BUILD_STAMP) ## publish the marts that the last build made
	@$(RUN) publish

verdict: $(BUILD_STAMP) ## print the verdict of the published warehouse
	@$(RUN) verdict

# In a warehouse of its own, so that testing leaves your figures alone.
test: export NPS_WAREHOUSE := $(CURDIR)/.build/warehouse
test: export NPS_RAW := $(NPS_WAREHOUSE)/raw
test: export NPS_WORK_DB := $(NPS_WAREHOUSE)/work.duckdb
test: $(TEST_STAMP) ## everything that guards the project
	@$(MAKE) --no-print-directory lint
	@$(RUN) build
	@$(MAKE) --no-print-directory sqlfluff unit
	@echo "make test: all passed"

lint: $(TEST_STAMP) ## check the Python style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

sqlfluff: $(TEST_STAMP) ## check the SQL style (needs the raw folder of a build or intake)
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 2 $(SQL)

unit: $(TEST_STAMP) ## run the Python tests
	$(BIN)/python -m pytest

docs: $(BUILD_STAMP) ## write docs/landing.md from the contract
	@$(RUN) docs

lock: $(BUILD_STAMP) ## renew the locked requirements
	@$(BIN)/python -m pip install --quiet uv
	@for name in build test; do \
		echo "locking requirements/$$name.txt"; \
		$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--no-emit-find-links --no-strip-extras --custom-compile-command "make lock" \
			"requirements/$$name.in" -o "requirements/$$name.txt"; \
	done

clean: ## remove everything that was built, except your landing folder
	rm -rf $(VENV) warehouse demo_data target logs .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c '$(NEEDS_PYTHON)' 2>/dev/null || \
		{ echo "Error: Python 3.11 or newer is needed; name one with make PYTHON=python3.11 ..." >&2; exit 1; }
	@echo "setup: making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Error: $(PYTHON) cannot make environments; install its venv module." >&2; exit 1; }

$(BUILD_STAMP): requirements/build.txt | $(BIN)/python
	@echo "setup: installing what the build needs"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	@touch $@

$(TEST_STAMP): requirements/test.txt $(BUILD_STAMP)
	@echo "setup: installing what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@
