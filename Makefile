# make demo: the first run on a fresh machine.  make test: the suite.  The rest: see CONTRIBUTING.md.
.PHONY: demo test slow lint bench wheel clean
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# Two workers; a file stays on one worker, so that its fixtures are built once.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile
PROTOCOL := stdp(delay='10 ms', pairs=60, rate='1 Hz')
DEMO := $(BIN)/kinaptic run ca1 --protocol "$(PROTOCOL)" --plot demo.png
BENCH := $(BIN)/python -m benchmarks

demo: $(VENV)/core.stamp
	@$(DEMO)

test: $(VENV)/test.stamp
	$(PYTEST) -m "not slow"

slow: $(VENV)/test.stamp
	$(PYTEST) -m slow

lint: $(VENV)/test.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(VENV)/bench.stamp
	$(BENCH)
	$(BENCH).scaling

wheel: $(VENV)/test.stamp
	rm -rf build dist
	$(BIN)/python -m build --quiet --wheel --no-isolation
	rm -rf build

clean:
	rm -rf $(VENV) build dist demo.png .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info

# Made again from nothing when pyproject.toml or constraints.txt change, and only then.
$(VENV)/core.stamp: pyproject.toml constraints.txt
	@rm -rf $(VENV)
	@for python in python3.11 python3.12 python3.13 python3; do \
	    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then break; fi; \
	    python=; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "Kinaptic needs Python 3.11 or newer, and none is on the PATH: install one and try again." >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$($$python --version) and installing Kinaptic (a minute or two) ..."; \
	$$python -m venv $(VENV) || { \
	    echo "This Python cannot make environments; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(PIP) --editable .
	@touch $@

$(VENV)/test.stamp: $(VENV)/core.stamp
	@$(PIP) --editable ".[test]"
	@touch $@

# AMICI is compiled here, by a C++ compiler, in two minutes.
$(VENV)/bench.stamp: $(VENV)/core.stamp
	@$(PIP) --editable ".[bench]"
	@touch $@
