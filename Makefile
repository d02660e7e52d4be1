# Everything needed is installed into .venv. PYTHON picks another interpreter: make run PYTHON=python3.13
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

# The versions of everything that is installed here, also of what the build itself needs.
export PIP_CONSTRAINT = constraints.txt
export PIP_BUILD_CONSTRAINT = constraints.txt
PIP = $(BIN)/python -m pip --disable-pip-version-check

SOURCES = pyproject.toml constraints.txt setup.py $(wildcard csrc/build.py csrc/*/*.[ch])

C_FILES = $(wildcard csrc/*/*.c)
C_COMPILERS = $(CC) $(shell command -v clang)
WARNINGS = -std=c11 -O2 -Wall -Wextra -Werror
ONE_EACH = printf '%s\n' $(C_FILES) | xargs -P $(CORES) -n 1
HEADERS = import numpy, sysconfig; print("-isystem", sysconfig.get_path("include"), "-isystem", numpy.get_include())

# The check's parser is not there for free-threaded builds.
EXTRA = import sysconfig; print("" if sysconfig.get_config_var("Py_GIL_DISABLED") else "[check]")

CORES = $(shell getconf _NPROCESSORS_ONLN)

# Two for each core: a test waits for children more often than not.
WORKERS = $(shell expr 2 \* $(CORES))

PYTEST = python -m pytest -q --numprocesses=$(WORKERS)

# It builds all C once more.
BUILDS = tests/gallery/test_pattern.py::test_adding_a_pattern_takes_two_files

SAME_EVERYWHERE = check csource report results truth test_docs.py test_faults.py test_words.py \
    $(addprefix cli/,test_folders.py test_outputs.py test_terminal.py test_tour_talk.py test_watching_from.py)

GENERATED = docs/check.md docs/classroom.md docs/cli.md docs/gallery.md docs/python-api.md

.PHONY: run test test-interpreter smoke-interpreter test-lowest lint lint-python lint-c lint-musl lint-free-threaded lint-docs sanitize docs pictures bench bench-guard bench-watch wheels check-wheels clean

run: $(VENV)/.run
	@$(BIN)/gil-demo run
	@echo
	@echo 'Next: source $(BIN)/activate, then gil-demo tour (the lesson) or gil-demo show gilexample.'

test: $(VENV)/.test
	$(BIN)/$(PYTEST)

# What can differ from one interpreter to the next: CI runs it on each of them.
test-interpreter: $(VENV)/.test
	$(BIN)/$(PYTEST) --deselect $(BUILDS) $(addprefix --ignore=tests/,$(SAME_EVERYWHERE))

# The part of it that rests on the interpreter's own C: CI runs it where a whole run takes too long.
smoke-interpreter: $(VENV)/.test
	$(BIN)/$(PYTEST) --deselect $(BUILDS) $(addprefix tests/,gallery lab native patterns sandbox)

# A part of the tests with the lowest versions that pyproject.toml promises: built with the lowest, run
# with the lowest. They use the installed package: what is built in the tree is another interpreter's.
LOWEST = .venv/lowest
LOWEST_PIP = PIP_CONSTRAINT= PIP_BUILD_CONSTRAINT= $(LOWEST)/bin/python -m pip --disable-pip-version-check install --quiet
LOWEST_TESTS = $(addprefix tests/,test_api.py test_arrays.py native gallery results report \
    cli/test_doctor.py cli/test_options.py cli/test_outputs.py)

test-lowest:
	@test -x $(LOWEST)/bin/python || $(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python tests/lowest.py build > $(LOWEST)/build.txt
	$(LOWEST)/bin/python tests/lowest.py > $(LOWEST)/run.txt
	$(LOWEST_PIP) --upgrade pip
	$(LOWEST_PIP) --requirement $(LOWEST)/build.txt
	rm -rf build # or else what was built with other headers is taken again
	$(LOWEST_PIP) --no-build-isolation --no-deps --force-reinstall .
	$(LOWEST_PIP) --requirement $(LOWEST)/run.txt
	$(LOWEST)/bin/$(PYTEST) -p no:cacheprovider --deselect $(BUILDS) $(LOWEST_TESTS)

# SAFE_RUNS=5 is what CI takes the time for; the default is 50.
sanitize: $(VENV)/.test
	$(BIN)/python -m tests.sanitizers $(SAFE_RUNS)

bench: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks

bench-guard: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks --only guard

# What the watch costs; and hand-overs beside samplers, on the same duty cycles (about three
# minutes; py-spy needs the right to trace).
bench-watch: $(VENV)/.test
	$(PIP) install --quiet --group bench-watch
	$(BIN)/python -m tests.benchmarks --only watch
	$(BIN)/python -m tests.benchmarks.samplers

lint: $(VENV)/.test lint-python lint-c lint-musl lint-docs
	$(BIN)/python -m tests.docs_commands

lint-python: $(VENV)/.test $(VENV)/.lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

lint-c: $(VENV)/.run
	headers=$$($(BIN)/python -c '$(HEADERS)') && for compiler in $(C_COMPILERS); do \
	    $(ONE_EACH) $$compiler $(WARNINGS) $$headers -Icsrc -c -o /dev/null || exit 1; done

# The C compiles against musl's headers, as on Alpine. Needs musl-gcc (Debian: apt install musl-tools).
lint-musl: $(VENV)/.run
	@command -v musl-gcc >/dev/null || { echo 'skipped, no check against musl: there is no musl-gcc (apt install musl-tools)'; exit 0; }; \
	headers=$$($(BIN)/python -c '$(HEADERS)') && $(ONE_EACH) musl-gcc $(WARNINGS) $$headers -Icsrc -fsyntax-only

# The C compiles as in the free-threaded build of this Python: same headers, one macro more.
lint-free-threaded: $(VENV)/.run
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 13) and "free-threaded builds came with Python 3.13: give a later one, PYTHON=python3.14")'
	headers=$$($(BIN)/python -c '$(HEADERS)') && $(ONE_EACH) $(CC) $(WARNINGS) -DPy_GIL_DISABLED=1 $$headers -Icsrc -fsyntax-only

lint-docs: $(VENV)/.run $(VENV)/.lint
	$(BIN)/cog -I docs --check $(GENERATED)

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

# What goes to a package index, in dist: the archive, and a wheel for this interpreter that says
# which Linux it runs on. Then everything is looked at, and the wheel used in an empty folder.
wheels: $(VENV)/.release
	rm -rf dist
	$(BIN)/python -m build --outdir dist
	[ "$$(uname)" != Linux ] || { PATH="$(BIN):$$PATH" $(BIN)/auditwheel repair --wheel-dir dist dist/*-linux_*.whl && rm dist/*-linux_*.whl; }
	$(MAKE) check-wheels

check-wheels: $(VENV)/.release
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/python -m tests.packages dist

clean:
	rm -rf $(VENV) build dist *.egg-info gil_demo/*.so gil_demo/_*.c

$(VENV)/.run: $(SOURCES)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gil-demo needs Python 3.11 or later, and $(PYTHON) is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo 'Getting NumPy, click, rich and cffi, and building the C modules, in $(VENV): a minute or so.'
	@$(PIP) install --quiet --upgrade pip
	@PYTHONWARNINGS='ignore:Editable installation' $(PIP) install --quiet --editable ".$$($(BIN)/python -c '$(EXTRA)')"
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@echo 'Getting what the tests need.'
	@$(PIP) install --quiet --group test
	@touch $@

$(VENV)/.lint: $(VENV)/.run
	@echo 'Getting what the checks need.'
	@$(PIP) install --quiet --group lint
	@touch $@

$(VENV)/.release: $(VENV)/.run
	@echo 'Getting what a release needs.'
	@$(PIP) install --quiet --group release
	@touch $@
