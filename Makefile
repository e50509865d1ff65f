# Metropool: two commands are enough, `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := PYTHONPATH=src $(BIN)/python
SITE := src/metropool/portal/site/index.html
WEB := $(shell find web/src -type f 2>/dev/null) $(wildcard web/*.json web/*.ts web/*.html)
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --no-emit-index-url --generate-hashes -q --no-annotate --custom-compile-command "make lock"

.PHONY: help demo test loops fuzz soak bench check lock site system clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: $(VENV)/demo.ready $(SITE) ## Set everything up and run a small city (ARGS="--homes 60 --fresh")
	$(BIN)/metropool demo $(ARGS)

test: $(VENV)/test.ready system ## Set everything up and pass all tests (15 minutes at most)
	$(MAKE) --no-print-directory -j2 check site loops
	$(BIN)/python scripts/run_tests.py

check: $(VENV)/test.ready ## Style, types, import rules
	$(BIN)/ruff check src tests bench scripts && $(BIN)/ruff format --check src tests bench scripts
	$(BIN)/mypy
	$(BIN)/lint-imports

loops: $(VENV)/test.ready ## Compile the loops over readings, so that no two tests do it side by side
	@$(RUN) -c "from metropool.capabilities.metering.loops import compile_loops; compile_loops()"

fuzz: $(VENV)/test.ready ## A million mutated frames per protocol
	METROPOOL_FUZZ=1000000 $(BIN)/python -m pytest tests/codecs -k fuzz --timeout 3600

soak: $(VENV)/test.ready ## Long runs with kills and faults
	METROPOOL_SOAK=1 $(BIN)/python -m pytest tests/metering/kills tests/metering/power tests/exchange/city tests/exchange/conformance/test_constants.py --timeout 3600

bench: $(VENV)/test.ready ## Measure speed and memory against PostgreSQL in the same run
	$(BIN)/python -m bench

site: $(SITE) ## Build the web site

$(SITE): $(WEB) scripts/build_web.py | $(VENV)/demo.ready
	$(BIN)/python scripts/build_web.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Metropool needs Python 3.11 or newer; name it with make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.ready: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/test.ready: requirements-dev.lock $(VENV)/demo.ready
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

system: ## Debian packages the browser and database tests use, when they can be installed
	@sh scripts/install_system_packages.sh

lock: ## Lock the dependencies anew
	$(LOCK) -o requirements.lock && $(LOCK) --group dev -o requirements-dev.lock

clean: ## Remove what was built
	rm -rf $(VENV) web/node_modules src/metropool/portal/site
