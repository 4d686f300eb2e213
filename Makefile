# OrderHub: `make demo` runs the main job, `make test` all tests. Each sets up .venv/ first.
# On a bare machine: Python 3.11 to 3.13 with venv, git and make. PYTHON=python3.12 chooses one.

SHELL := /bin/sh
BIN := .venv/bin
ORDERS ?= 20000
SEED ?= 7
OUT ?= out/demo
WORKERS ?= logical
KILLS ?= 1000
TESTS ?=
UPGRADE ?=
SCALE ?= 1
PORT ?= 8080
WORLD ?= factory

export GOAL := $(firstword $(MAKECMDGOALS))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo airflow practice test lint format docs bench lock bench-crash setup setup-airflow setup-test clean

help: ## say what there is
	@echo "OrderHub: three systems agree, in two commands."
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## seeded orders through ERP, WMS and TMS, reconciled, with the report (ORDERS=20000 SEED=7 OUT=out/demo)
	@$(BIN)/orderhub demo --orders $(ORDERS) --seed $(SEED) --out $(OUT)

airflow: setup-airflow ## Airflow with the practice systems on this machine, without Docker (PORT=8080 WORLD=factory|market)
	@$(BIN)/orderhub airflow --port $(PORT) --world $(WORLD)

practice: setup ## the three practice systems stay up to play with
	@$(BIN)/orderhub practice

test: setup-test ## all tests (TESTS=tests/hub for some, WORKERS=2)
	@echo "Running the tests ..."
	@$(BIN)/python -m pytest -v -n $(WORKERS) --maxprocesses 4 $(TESTS)

lint: setup-test ## ruff and mypy
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format: setup-test ## ruff format and its safe fixes
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench-crash: setup-test ## 1,000 kills of running work on both engines: nothing lost, nothing doubled (KILLS=1000)
	@$(BIN)/python -m benchmarks.crash --kills $(KILLS) --json out/bench/crash.json

docs: setup-test ## renew the tables of docs/mapping.md
	@$(BIN)/python -m hub.mapping.reference docs/mapping.md

bench: setup-test ## all benchmarks, the table in docs/benchmarks.md (SCALE=0.1: a tenth of the sizes)
	@$(BIN)/python -m benchmarks.bench --scale $(SCALE); code=$$?; \
	$(BIN)/python -m benchmarks.page out/bench/benchmarks.json docs/benchmarks.md || code=1; exit $$code

lock: ## renew requirements.lock after a change of pyproject.toml (UPGRADE=1: newest versions)
	@sh .ci/setup lock $(if $(UPGRADE),--upgrade)

setup: ; @sh .ci/setup run
setup-airflow: ; @sh .ci/setup airflow
setup-test: ; @sh .ci/setup test

clean: ## remove what was made, .venv/ and out/ too
	rm -rf .venv out .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
