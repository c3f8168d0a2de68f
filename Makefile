# Stagedoor. `make help` lists what there is. Everything a command needs it sets up by itself, in .venv and var.
PORT ?= 8000
STACK ?= local
BENCH ?= all
REGISTRATIONS ?=
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help

.PHONY: help run test check rehearse bench lock clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/ready ## Open everything on this machine [PORT=8000] [STACK=local|cluster]
	@$(if $(filter cluster,$(STACK)),infra/require java mvn postgres,true)
	@exec $(BIN)/python -m infra.cli run --port $(PORT) --stack $(STACK)

test: .venv/dev tests/tools/.ready ## Run all tests, on both stacks and in a browser
	@infra/require java mvn postgres go npm chromium nginx openssl
	$(BIN)/python -m pytest

check: .venv/dev ## Lint, types, imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

rehearse: .venv/ready ## Play a whole conference [REGISTRATIONS=file.csv] [STACK=local|cluster]
	@$(if $(filter cluster,$(STACK)),infra/require java mvn postgres,true)
	@exec $(BIN)/python -m infra.cli rehearse --stack $(STACK) $(REGISTRATIONS)

bench: .venv/dev ## Measure, as JSON lines [BENCH=propagation|relay|replay|orders|flash-sale|webhooks|check-in|footprint]
	@infra/require java mvn postgres
	@exec $(BIN)/python -m tests.bench $(BENCH)

lock: .venv/dev ## Compile requirements.txt and requirements-dev.txt from pyproject.toml
	infra/lock

clean: ## Take away what was installed; var (your data) stays
	rm -rf .venv infra/kafka/lib tests/tools/lib tests/tools/bin tests/tools/.ready

.venv/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Stagedoor needs Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python cannot make environments here: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/ready: .venv/pip requirements.txt
	@echo "Installing Stagedoor's packages into .venv ..."
	@$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	@touch $@

.venv/dev: .venv/ready requirements-dev.txt
	@echo "Installing the tools for tests into .venv ..."
	@$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

tests/tools/.ready: infra/require
	@infra/require --install java mvn postgres go npm chromium nginx openssl
	@touch $@
