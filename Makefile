# `make` or `make help` lists what can be done.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
SCALE ?= 1
WORLDS ?= 240
LANDING ?=
REF ?=
ANEW ?=
# language of the verdict's sentences: en or nl
SENTENCES ?= en
# duckdb, or spark (docs/scale.md), which has an environment of its own
ENGINE ?= duckdb
VENV := $(if $(filter spark,$(ENGINE)),.venv-spark,.venv)
NEEDED := requirements/$(if $(filter spark,$(ENGINE)),spark,build).txt
BIN := $(VENV)/bin
RUN := $(BIN)/python -m nps_chain
BUILD_STAMP := $(VENV)/.build-installed
TEST_STAMP := $(VENV)/.test-installed
AUDIT_STAMP := $(VENV)/.audit-installed
BENCH_STAMP := $(VENV)/.bench-installed
SITE_STAMP := $(VENV)/.site-installed
# the transactions of each size, and how often the competitors take turns on it
SCALES ?= 1e6 1e7 1e8
RUNS ?= 5
AUDIT := $(VENV)/audit/bin
# pypi or osv: who is asked about vulnerabilities
SERVICE ?= pypi
NEEDS_PYTHON := import sys; sys.exit(sys.version_info < (3, 11))
SQL := models tests/dbt tests/probes analyses

.PHONY: help setup setup-test setup-spark demo intake check build publish verdict export test lint sqlfluff unit pytest \
	parity fuzz torture study house audit bench docs site lock clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(BUILD_STAMP) ## set up the environment of the build

setup-test: $(TEST_STAMP) ## set up the environment of the tests

setup-spark: ## set up the environment of a build on Spark
	@$(MAKE) --no-print-directory setup ENGINE=spark

demo: $(BUILD_STAMP) ## generate the demo data: make demo SCALE=2
	@$(RUN) demo --demo-scale "$(SCALE)"

intake: $(BUILD_STAMP) ## read the raw files only: make intake LANDING=path
	@$(RUN) intake --demo-scale "$(SCALE)" $(if $(LANDING),--landing "$(LANDING)")

check: $(BUILD_STAMP) ## check raw files alone (make check LANDING=path), or what the last build left
	@$(RUN) check $(if $(LANDING),--landing "$(LANDING)")

build: export NPS_ENGINE := $(ENGINE)
build: $(BUILD_STAMP) ## from raw files to the verdict, on demo data or on yours: make build LANDING=path (ANEW=1, ENGINE=spark)
	@$(RUN) build --demo-scale "$(SCALE)" $(if $(LANDING),--landing "$(LANDING)") $(if $(ANEW),--anew)

publish: $(BUILD_STAMP) ## publish the marts that the last build made
	@$(RUN) publish

verdict: $(BUILD_STAMP) ## print the verdict of the published warehouse: make verdict SENTENCES=nl
	@$(RUN) verdict --language "$(SENTENCES)"

export: $(BUILD_STAMP) ## write the published tables as Parquet, and as CSV for a spreadsheet
	@$(RUN) export

# In a warehouse of its own, so that testing leaves your figures alone.
test: export NPS_WAREHOUSE := $(CURDIR)/.build/warehouse
test: export NPS_RAW := $(NPS_WAREHOUSE)/raw
test: export NPS_WORK_DB := $(NPS_WAREHOUSE)/work.duckdb
test: $(TEST_STAMP) ## what guards the project, but for make fuzz torture
	@$(MAKE) --no-print-directory lint
	@$(RUN) build
	@$(MAKE) --no-print-directory sqlfluff pytest
	@echo "make test: all passed"

lint: $(TEST_STAMP) ## check the Python style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

sqlfluff: $(TEST_STAMP) ## check the SQL style (needs the raw folder of a build or intake)
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 2 $(SQL)

unit: $(TEST_STAMP) ## run the tests that answer within a minute
	$(BIN)/python -m pytest tests/unit

# A file of tests stays with one worker, since its tests share builds (tests/conftest.py).
pytest: $(TEST_STAMP) setup-spark ## run all Python tests
	$(BIN)/python -m pytest -n auto --no-loadscope-reorder

parity: $(TEST_STAMP) setup-spark ## build a folder on both engines and compare every table: make parity LANDING=path
	@NPS_PARITY_LANDING="$(LANDING)" $(BIN)/python -m pytest -s tests/engines/test_spark_parity.py \
		$(if $(LANDING),-k publish_the_same)

fuzz: export NPS_FUZZ_EXAMPLES ?= 1000
fuzz: export NPS_LOADS ?= 12
fuzz: $(TEST_STAMP) ## feed random files, rows and sequences of loads for half an hour
	$(BIN)/python -m pytest tests/builds/test_fuzz.py tests/statistics/test_values.py tests/builds/test_loads.py

torture: export NPS_KILLS ?= 30
torture: $(TEST_STAMP) ## kill, starve, crowd and repeat builds for ten minutes
	$(BIN)/python -m pytest tests/builds/test_killed.py tests/builds/test_disturbed.py tests/builds/test_readers.py \
		tests/builds/test_rebuild.py

study: $(TEST_STAMP) ## simulate worlds and write how often intervals hold and verdicts are right: make study WORLDS=600
	$(BIN)/python -m study --worlds "$(WORLDS)"

house: $(TEST_STAMP) ## count what it costs to change the models, also beside a revision: make house REF=c6eb300
	@$(BIN)/python tests/house.py $(if $(REF),--ref "$(REF)")

audit: $(AUDIT_STAMP) ## look up known vulnerabilities of everything that is installed (needs the network)
	@failed=0; \
	for locked in requirements/*.txt; do \
		echo "audit: $$locked"; \
		$(AUDIT)/pip-audit --strict --disable-pip --progress-spinner off -s "$(SERVICE)" -r "$$locked" \
			|| failed=1; \
	done; \
	if [ $$failed = 1 ]; then \
		echo "Error: the audit did not pass: see the findings above; of what could not be looked up, nothing is known." >&2; \
		exit 1; \
	fi

bench: export NPS_MEMORY_LIMIT ?= 8GB
bench: $(BENCH_STAMP) ## measure against other ways: make bench SCALES="1e6 1e7" RUNS=5
	$(VENV)/bench/bin/python -m bench.run --scales $(SCALES) --runs $(RUNS) $(BENCH)

docs: $(BUILD_STAMP) ## write from the contract what dbt and docs/landing.md say of it
	@$(RUN) docs

site: $(SITE_STAMP) ## make the documentation as a site to open from the disk: site/index.html
	@$(BIN)/python -m docsite

lock: $(BUILD_STAMP) ## renew the locked requirements
	@$(BIN)/python -m pip install --quiet uv
	@for name in test build docs bench spark audit; do \
		constraint=; case $$name in build|docs|bench|spark) constraint="-c requirements/test.txt";; esac; \
		echo "locking requirements/$$name.txt"; \
		$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--no-emit-find-links --no-strip-extras --custom-compile-command "make lock" $$constraint \
			"requirements/$$name.in" -o "requirements/$$name.txt"; \
	done

clean: ## remove everything that was built, except your landing folder
	rm -rf .venv .venv-spark warehouse demo_data site target logs .build .bench .pytest_cache .ruff_cache .mypy_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c '$(NEEDS_PYTHON)' 2>/dev/null || \
		{ echo "Error: Python 3.11 or newer is needed; name one with make PYTHON=python3.11 ..." >&2; exit 1; }
	@echo "setup: making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Error: $(PYTHON) cannot make environments; install its venv module." >&2; exit 1; }

$(BUILD_STAMP): $(NEEDED) | $(BIN)/python
	@echo "setup: installing what the build needs"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(NEEDED)
	@touch $@

$(TEST_STAMP): requirements/test.txt $(BUILD_STAMP)
	@echo "setup: installing what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

$(SITE_STAMP): requirements/docs.txt $(BUILD_STAMP)
	@echo "setup: installing what the site needs"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

$(AUDIT_STAMP): requirements/audit.txt | $(BIN)/python
	@echo "setup: installing what the audit needs"
	@$(BIN)/python -m venv $(VENV)/audit
	@$(AUDIT)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/audit.txt
	@touch $@

# apart, so that the tests' environment stays as it is
$(BENCH_STAMP): requirements/bench.txt | $(BIN)/python
	@echo "setup: installing what the benchmark needs"
	@$(BIN)/python -m venv $(VENV)/bench
	@$(VENV)/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@
