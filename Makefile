# Everything runs from here, on a machine that has Python 3.11 or later, pip and make.
# `make help` lists the targets.

PYTHON ?= python3
VENVS ?= .venvs
JOBS ?= 2
WORKERS ?= 2
ARGS ?=

LANES := current databases legacy sqlalchemy
WASM := test-wasm-3.14 test-wasm-3.15
UV := $(VENVS)/tools/bin/uv
BIN := $(VENVS)/current/bin

# A lane is built again when the Python changes: the stamp inside it carries the version.
INTERPRETER := $(shell $(PYTHON) -c 'import sys; print(sys.executable)')
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])')
STAMP := .ready-$(VERSION)

# Any platform will do for which no wheel has compiled parts.
FOR_WASM := --python-version 3.14 --python-platform wasm32-pyodide2024 --only-binary :all:

export UV_PYTHON_DOWNLOADS = never
unexport VIRTUAL_ENV

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test soak setup lint format types mypy basedpyright lock docs bench bench-durable bench-sqlalchemy mutants build \
	clean test-wasm test-newcomer $(WASM) \
	$(LANES) $(addprefix test-,$(LANES))

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  Variables: PYTHON=$(PYTHON)  ARGS=(more arguments to pytest)  JOBS=$(JOBS)  WORKERS=$(WORKERS)"

demo: current  ## run the example shop on the current lane
	$(BIN)/python examples/album_shop.py

# Side by side, the output of each in one piece, and at the end what became of each.
PARTS := test-current test-databases test-legacy test-sqlalchemy test-wasm test-newcomer mypy basedpyright lint docs
SUMMARY := $(VENVS)/summary

test: setup  ## everything: lint, types, the tests on all lanes, and the site
	@rm -f $(SUMMARY)
	@MAKEFLAGS= $(MAKE) --no-print-directory --keep-going --jobs=$(JOBS) \
		$(if $(filter output-sync,$(.FEATURES)),--output-sync=recurse) $(PARTS:%=part-%); \
	status=$$?; echo; echo Summary; sort -r $(SUMMARY); exit $$status

part-%:
	@echo "--- $*"; start=$$(date +%s); \
	$(MAKE) $* && verdict="ok    " || verdict=FAILED; \
	echo "  $$verdict  $*, $$(($$(date +%s) - start)) s" >> $(SUMMARY); test "$$verdict" != FAILED

setup: $(LANES)  ## make the environments of all lanes

lint: current  ## ruff: rules and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: current  ## let ruff format the code and fix what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: mypy basedpyright  ## both type checkers on the package

mypy: current  ## mypy, strict, on the package
	$(BIN)/mypy

basedpyright: current  ## basedpyright, strict, on the package
	$(BIN)/basedpyright --pythonpath $(BIN)/python

NEWCOMER := tests/static/test_newcomer.py

test-current: current  ## the tests on ormar 0.26, except test-newcomer
	$(VENVS)/current/bin/python -m pytest -n $(WORKERS) --dist loadgroup --ignore=$(NEWCOMER) $(ARGS)

test-newcomer: current  ## the tutorial with the built wheel, in each editor
	$(VENVS)/current/bin/python -m pytest $(NEWCOMER) $(ARGS)

test-databases: databases  ## the tests on ormar 0.21, over `databases`
	$(VENVS)/databases/bin/python -m pytest $(ARGS)

test-legacy: legacy  ## the tests on ormar 0.12.3, SQLAlchemy 1.4 and pydantic 1
	$(VENVS)/legacy/bin/python -m pytest $(ARGS)

test-sqlalchemy: sqlalchemy  ## the tests on SQLAlchemy 2.0, without ormar, except test_soak
	$(VENVS)/sqlalchemy/bin/python -m pytest -n $(WORKERS) --dist loadgroup \
		--ignore=tests/test_soak.py $(ARGS)

# Without Node 20 it is skipped, or fails if TYPED_SIGNALS_REQUIRE_NODE=1 is set.
test-wasm:  ## the tests of the core on Python 3.14 and 3.15, in WebAssembly
	@if node --eval 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null \
		&& command -v npm >/dev/null; then \
		$(MAKE) --no-print-directory --keep-going $(WASM); \
	elif [ "$${TYPED_SIGNALS_REQUIRE_NODE:-0}" != 0 ]; then \
		echo "test-wasm failed: Node 20 or later, with npm, is required"; exit 1; \
	else \
		echo "test-wasm skipped: it needs Node 20 or later, with npm"; \
	fi

# Node gives a program 1 MB of stack, where an operating system gives 8: too little for deep sends.
$(WASM): test-wasm-%: $(VENVS)/wasm/.ready
	node --stack-size=3900 tests/wasm/run.mjs $(VENVS)/wasm $* $(ARGS)

soak: current  ## the long runs in full: a million sends, ten thousand saves, 2,100 programs
	TYPED_SIGNALS_SOAK=1 $(BIN)/python -m pytest tests/test_soak.py tests/test_commit_fuzz.py \
		tests/durable/test_crashes.py $(ARGS)

# ---------------------------------------------------------------------------- environments

$(LANES): %: $(VENVS)/%/$(STAMP)

# pip alone fetches uv, into a folder of its own: not even the venv module is needed.
$(UV): constraints/tools.txt
	rm -rf $(VENVS)/tools
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target $(VENVS)/tools \
		-r constraints/tools.txt
	@touch $@

$(VENVS)/%/$(STAMP): constraints/%.txt pyproject.toml $(UV)
	$(UV) venv --quiet --clear --python "$(INTERPRETER)" $(VENVS)/$*
	$(UV) pip install --quiet --python $(VENVS)/$*/bin/python \
		--build-constraints constraints/tools.txt -r constraints/$*.txt -e .
	@touch $@

# Python and wheels for WebAssembly: npm brings the one, uv the other.
$(VENVS)/wasm/.ready: constraints/wasm.txt tests/wasm/package.json pyproject.toml $(UV)
	rm -rf $(VENVS)/wasm
	$(UV) pip install --quiet --python "$(INTERPRETER)" --target $(VENVS)/wasm/wheels $(FOR_WASM) \
		--build-constraints constraints/tools.txt -r constraints/wasm.txt -e .
	cp tests/wasm/package.json $(VENVS)/wasm
	npm install --prefix $(VENVS)/wasm --no-package-lock --ignore-scripts --no-audit --no-fund \
		--loglevel=error
	@touch $@

# ---------------------------------------------------------------------------- upkeep

RESOLVE = $(UV) pip compile --quiet --no-header --no-emit-index-url --no-emit-find-links --upgrade \
	pyproject.toml
COMPILE = $(RESOLVE) --universal --python-version 3.11

lock: $(UV)  ## resolve the groups of pyproject.toml into constraints/ again
	$(COMPILE) --group test --group checkers --group examples --group current --group brokers --extra graph \
		-o constraints/current.txt
	$(COMPILE) --group test --group databases -o constraints/databases.txt
	$(COMPILE) --group test --group legacy -o constraints/legacy.txt
	$(COMPILE) --group test --group sqlalchemy --extra cli -o constraints/sqlalchemy.txt
	$(RESOLVE) $(FOR_WASM) --group test -o constraints/wasm.txt
	$(COMPILE) --group docs -o constraints/docs.txt
	$(COMPILE) --group bench -o constraints/bench.txt
	$(COMPILE) --group test --group examples --group current --group brokers --group mutants \
		--extra cli \
		-o constraints/mutants.txt
	$(COMPILE) --group tools -o constraints/tools.txt

docs: $(VENVS)/docs/$(STAMP)  ## the documentation site, into site/
	NO_MKDOCS_2_WARNING=true $(VENVS)/docs/bin/python -m mkdocs build --strict
	@! grep -rnoE --include='*.html' '<(script|img|link [^>]*stylesheet)[^>]*(src|href)="?https?:[^>]*>' site \
		|| { echo "a page fetches this from another host"; exit 1; }
	@if command -v node >/dev/null; then node scripts/docs_search.mjs site; \
		else echo "the site's search was not tried: that needs Node"; fi

bench: $(VENVS)/bench/$(STAMP)  ## what delivery costs; ARGS=--write for the page and the chart
	$(VENVS)/bench/bin/python benchmarks/dispatch.py $(ARGS)

bench-durable: current  ## what durable receivers cost, and how fast their workers are
	PYTHONWARNINGS=ignore PYTHONPATH=. $(BIN)/python benchmarks/durable.py $(ARGS)

bench-sqlalchemy: current  ## what a flush costs with signals, beside SQLAlchemy's own events
	PYTHONWARNINGS=ignore PYTHONPATH=. $(BIN)/python benchmarks/sqlalchemy_flush.py $(ARGS)

mutants: $(VENVS)/mutants/$(STAMP)  ## a small mistake at a time in the core: does a test fail?
	$(VENVS)/mutants/bin/python scripts/mutants.py $(ARGS)

build: $(UV)  ## the sdist and the wheel, into dist/
	$(UV) build --python "$(INTERPRETER)" --build-constraints constraints/tools.txt

clean:  ## remove the environments, caches and built files
	rm -rf $(VENVS) dist site .mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
