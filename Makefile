# Every verb sets up .venv/ first, when it is missing or older than the lock.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo up down test faults e2e-compose check bench lint lock
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV_VERSION := 0.13.9
PYTHONS ?= python3.13 python3.12 python3.11 python3
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))

help: ## show these verbs
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## replay a week of real orders through a fresh stack, check it, stop it
	@$(BIN)/sellerdesk demo $(ARGS)

up: $(READY) ## start Kafka, MongoDB and the services (ARGS="--store completejourney")
	@$(BIN)/sellerdesk up $(ARGS)

down: $(READY) ## stop what `make up` started; the data stays
	@$(BIN)/sellerdesk down $(ARGS)

test: $(READY) ## every test, with a real Kafka and MongoDB (ARGS="tests/orders")
	@$(BIN)/pytest $(ARGS)

faults: $(READY) ## strike running services with every fault, check that nothing is lost (F=F5, ARGS="--seed 7")
	@$(BIN)/python -m tests.faults.run $(F) $(ARGS)
	$(if $(F),,@$(BIN)/pytest tests/faults/model -q --hypothesis-profile=long)

e2e-compose: $(READY) ## docker compose: build, start, scale and break it under load, reconcile; about 15 minutes
	@$(BIN)/python -m deploy.compose.e2e $(ARGS)

check: lint ## lint, then the tests that need no broker; about two minutes
	@$(BIN)/pytest -m "not stack and not faults" $(ARGS)

bench: $(READY) ## how fast it is, on a stack of its own (ARGS="ingest inbox http live")
	@$(BIN)/python -m tests.benchmarks $(ARGS)

lint: $(READY) ## ruff, mypy strict and the import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lock: $(READY) ## compile the locks from pyproject.toml: everything, and what a service alone needs
	@$(COMPILE) --all-extras -o requirements.lock pyproject.toml
	@$(COMPILE) --constraint requirements.lock -o requirements-service.lock pyproject.toml

$(READY): requirements.lock pyproject.toml
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	  for candidate in $(PYTHONS); do \
	    if "$$candidate" -c '$(FITS)' >/dev/null 2>&1; then python="$$candidate"; break; fi; \
	  done; \
	  if [ -z "$${python:-}" ]; then \
	    echo "Sellerdesk needs Python 3.11, 3.12 or 3.13 with the venv module (Debian: python3-venv)." >&2; \
	    echo "None of these is one: $(PYTHONS). Name yours: make PYTHONS=/path/to/python" >&2; \
	    exit 1; \
	  fi; \
	  echo "Setting up $(VENV) with $$("$$python" --version)"; \
	  "$$python" -m venv --clear $(VENV); \
	fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps -e .
	@touch $(READY)
