# Needs Python 3.11 or later (with its venv module), make and git. `make help` lists what there is.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
QUICK  := $(addprefix tests/,schedule messages replies plans store)
STAMP  := $(VENV)/installed
# A pip that builds a package in a place of its own reads this one, not -c.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install demo run check format test quick schema weights faults bench screenshots wheel constraints clean

help:
	@sed -n 's/^## //p' Makefile

## make install      everything into .venv (the others do this by themselves)
install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  "nudger needs Python 3.11 or later, this is %d.%d: make PYTHON=python3.11" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip' || { \
	  echo "this Python has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

## make demo         a day of nudges in minutes, no account needed; DAYS=1 ends by itself
demo: $(STAMP)
	@$(BIN)/nudger demo $(if $(DAYS),--days $(DAYS))

## make run          the daemon, with ./settings.env
run: $(STAMP)
	@$(BIN)/nudger run

## make check        format, lint, types, imports, what nobody uses, what documents name
check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry --no-ansi .
	$(BIN)/vulture
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_sharing.py tests/test_docs.py

## make format       what make check says of format and order, done
format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## make test         every test that this machine can run; ARGS=... goes to pytest
test: $(STAMP)
	@$(BIN)/python tests/run.py $(ARGS)

## make quick        for the loop of work, within a minute: the pure rooms, and the store on SQLite
quick: $(STAMP)
	@$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not slow and not postgresql" $(QUICK) $(ARGS)

## make schema       what nudger schema prints, written anew from the parser's tables
schema: $(STAMP)
	@$(BIN)/python -c 'import json; from nudger.plans import schema; print(json.dumps(schema(), indent=2, ensure_ascii=False))' \
	  > nudger/cli/plan.schema.json

## make weights      what a text sounds like, learnt again from the corpora under tests/replies
weights: $(STAMP)
	@$(BIN)/python -m tests.support.weights

## make faults       fuzzing, a thousand kills and bad weather, and what came of it, as a table; ARGS=--kills=200
faults: $(STAMP)
	@$(BIN)/python -m tests.support.faults $(ARGS)

## make bench        every benchmark, and docs/performance.md; ARGS=--only=plans, ARGS=--quick
bench: $(STAMP)
	@$(BIN)/python -m benchmarks $(ARGS)

## make screenshots the pictures of the README, from the demo (needs Chromium)
screenshots: $(STAMP)
	@$(BIN)/python docs/screenshots.py
	@$(BIN)/python docs/board_screenshots.py

## make wheel        dist/nudger-*.whl
wheel: $(STAMP)
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .

## make constraints  constraints.txt from the newest versions that pyproject.toml allows
constraints:
	@rm -rf $(VENV)-new && $(PYTHON) -m venv $(VENV)-new
	@PIP_CONSTRAINT= $(VENV)-new/bin/python -m pip install --quiet --editable '.[dev]'
	@{ sed -n '/^#/p' constraints.txt; $(VENV)-new/bin/python -m pip freeze --exclude-editable; } > $(VENV)-new/new.txt
	@mv $(VENV)-new/new.txt constraints.txt && rm -rf $(VENV)-new

clean:
	rm -rf $(VENV) $(VENV)-new dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
