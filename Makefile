# make demo and make test need Python >= 3.11 and make, nothing else: each makes .venv, installs and runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint bench clean

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(VENV)/installed
	$(BIN)/cellwright demo --out demo

test: $(VENV)/installed
	$(BIN)/pytest -n 2

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

bench: $(VENV)/installed
	for area in $(filter-out benchmarks/_bench.py,$(wildcard benchmarks/*.py)); do $(BIN)/python $$area --json || exit 1; done

clean:
	rm -rf $(VENV) demo out build dist
