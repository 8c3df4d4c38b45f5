# Each target makes the virtual environment that it needs; PYTHON chooses the interpreter (3.11 or later).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AWSCLI := .venv-awscli
BENCH := .venv-bench
MERMAID := .node-mermaid
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs

.PHONY: demo test check bench bench-environment curve docs diagrams chromium clean
# Several of them install into the same environment, and bench measures.
.NOTPARALLEL:

demo: $(VENV)/.sandbox
	@$(BIN)/python docs/demo.py

test: $(VENV)/.dev $(AWSCLI)/.installed chromium
	@rm -f .coverage .coverage.*
	AWS_COMMAND=$(AWSCLI)/bin/aws $(BIN)/coverage run -m pytest -n 2 --dist loadfile
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	cd reference_implementation && ../$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/command_reference.py --check
	$(BIN)/python docs/site/draw_bars.py --check

# Writes the command reference, draws the charts, and builds the site into build/site; a warning is an error.
docs: $(VENV)/.dev
	$(BIN)/python docs/command_reference.py
	$(BIN)/python docs/command_reference.py --check
	$(BIN)/python docs/site/draw_bars.py
	$(MKDOCS) build --strict

# Draws the Mermaid diagrams that are new or changed, so that pages need no script from elsewhere.
diagrams: $(VENV)/.dev chromium
	npm install --silent --no-save --prefix $(MERMAID) mermaid@11
	$(BIN)/python docs/site/draw_diagrams.py $(MERMAID)/node_modules/mermaid/dist

# The browser that walks the site. Only root can install it; the test that needs it says so too.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
			&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium >/dev/null; } \
		|| echo "Chromium is needed to walk the site; on Debian: apt-get install chromium" >&2

# An ordinary install, as users have it: an editable one starts more slowly.
# PARTS chooses: make bench PARTS="fleet curve"; without it all are measured, about twenty minutes.
bench: $(AWSCLI)/.installed bench-environment
	$(BENCH)/bin/python benchmarks/run.py $(PARTS) --aws $(AWSCLI)/bin/aws

# Measures the growing fleet three times and draws it.
curve: bench-environment
	$(BENCH)/bin/python benchmarks/fleet_curve.py --picture docs/fleet_cost.svg

bench-environment:
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --force-reinstall --no-deps .
	$(BENCH)/bin/python -m pip install --quiet .

clean:
	rm -rf $(VENV) $(AWSCLI) $(BENCH) .venv-ministack .node-dynalite $(MERMAID) build dist *.egg-info .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; name one with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "Python's venv module is needed; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.sandbox: setup.py | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[sandbox,scaffold]'
	@touch $@

$(VENV)/.dev: setup.py | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.sandbox

$(AWSCLI)/.installed:
	$(PYTHON) -m venv $(AWSCLI)
	$(AWSCLI)/bin/python -m pip install --quiet awscli
	@touch $@
