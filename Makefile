# Everything needed is installed into .venv. PYTHON picks another interpreter: make run PYTHON=python3.13
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
SOURCES = pyproject.toml setup.py $(wildcard csrc/*.[ch] csrc/*.py)
CSTANDARD = -std=c11 -D_POSIX_C_SOURCE=200809L

.PHONY: run test lint docs bench clean

run: $(VENV)/.run
	$(BIN)/gil-demo run

test: $(VENV)/.test
	$(BIN)/python -m pytest -q

bench: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks

lint: $(VENV)/.test $(VENV)/.lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	for c in csrc/threads.c; do $(CC) $(CSTANDARD) -O3 -Wall -Wextra -Wpedantic -Werror -c -o /dev/null $$c || exit 1; done
	$(BIN)/cog --check docs/cli.md docs/gallery.md

# Brings the generated parts of the documentation up to date.
docs: $(VENV)/.run $(VENV)/.lint
	$(BIN)/gil-demo try --all --json > docs/evidence.json.new
	mv docs/evidence.json.new docs/evidence.json
	$(BIN)/cog -r docs/cli.md docs/gallery.md

clean:
	rm -rf $(VENV) build dist *.egg-info gil_demo/_held* gil_demo/_released*

$(VENV)/.run: $(SOURCES)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gil-demo needs Python 3.11 or later, and $(PYTHON) is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@

$(VENV)/.lint: $(VENV)/.run
	$(BIN)/python -m pip install --quiet '.[lint]'
	@touch $@
