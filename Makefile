# Everything needed is installed into .venv. PYTHON picks another interpreter: make run PYTHON=python3.13
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
SOURCES = pyproject.toml setup.py $(wildcard csrc/*.[ch] csrc/*.py csrc/patterns/*.c)

C_FILES = $(filter-out csrc/kernels.c csrc/run.c,$(wildcard csrc/*.c csrc/patterns/*.c))
HEADERS = import numpy, sysconfig; print("-isystem", sysconfig.get_path("include"), "-isystem", numpy.get_include())

GENERATED = docs/classroom.md docs/cli.md docs/gallery.md docs/python-api.md

.PHONY: run test lint sanitize docs pictures bench clean

run: $(VENV)/.run
	$(BIN)/gil-demo run

test: $(VENV)/.test
	$(BIN)/python -m pytest -q

sanitize: $(VENV)/.test
	$(BIN)/python -m tests.sanitizers

bench: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks

lint: $(VENV)/.test $(VENV)/.lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	headers=$$($(BIN)/python -c '$(HEADERS)') && for c in $(C_FILES); do \
	    $(CC) -std=c11 -O2 -Wall -Wextra -Werror $$headers -Icsrc -c -o /dev/null $$c || exit 1; done
	$(BIN)/cog -I docs --check $(GENERATED)
	$(BIN)/python -m tests.docs_commands

# Brings the generated parts of the documentation up to date.
docs: $(VENV)/.run $(VENV)/.lint
	$(BIN)/gil-demo try --all --json > docs/evidence.json.new
	mv docs/evidence.json.new docs/evidence.json
	$(BIN)/cog -I docs -r $(GENERATED)

# Takes the README's pictures anew; they show this machine at this moment, so it should be quiet.
pictures: $(VENV)/.run
	$(BIN)/gil-demo run --section picture --svg docs/picture.svg
	$(BIN)/gil-demo run --section scaling --section responsiveness --section patterns --svg docs/tables.svg
	$(BIN)/gil-demo show temporary-pointer --svg docs/pattern.svg

clean:
	rm -rf $(VENV) build dist *.egg-info gil_demo/*.so gil_demo/_*.c

$(VENV)/.run: $(SOURCES)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gil-demo needs Python 3.11 or later, and $(PYTHON) is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@

$(VENV)/.lint: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --editable '.[lint]'
	@touch $@
