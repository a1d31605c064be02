# Two targets do all their own set-up on a fresh machine: `make rehearse` (the main job) and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# One more than there are cores: many tests wait for a process that they have started.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

# Modules are compiled once, when they are first imported, whatever the environment says of bytecode.
export PYTHONDONTWRITEBYTECODE =

.PHONY: rehearse test quick docs lint bench lock clean

rehearse: $(VENV)/.installed
	$(BIN)/nhsa-sim rehearse $(ARGS)

test: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

# Unit tests that start no server: under half a minute on two cores.
QUICK := tests/benefit tests/catalogue tests/contract tests/domain tests/people tests/store/test_store.py \
	tests/harness/test_choosing.py tests/harness/test_expressions.py tests/harness/test_masking.py \
	tests/harness/test_matching.py tests/harness/test_reading.py tests/harness/test_shifting.py \
	tests/harness/test_templates.py tests/test_layers.py tests/test_masking.py \
	tests/test_texts.py

quick: $(VENV)/.installed-dev
	$(BIN)/pytest -q -n 2 -p no:schemathesis -p no:locust --dist loadfile --no-loadscope-reorder \
		-m 'not slow and not postgres and not node' $(QUICK)

# Every block of the README and of docs/ that is made from the product.
docs: $(VENV)/.installed-dev
	$(BIN)/python -m tests.support.generated_docs

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/mypy

bench: $(VENV)/.installed-dev
	$(BIN)/python -m simulator.loadtests.bench $(ARGS)

# The lock is a constraint file: exact versions of everything that any extra needs.
lock: $(VENV)/.installed-dev
	$(BIN)/pip list --format=freeze --exclude-editable --exclude pip --exclude setuptools > requirements.lock

# Older versions of pip take twice as long for the rest; without a newer one it works all the same.
$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	-$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'

# Compiling everything beforehand would be half of the time that installing takes.
PIP    := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile -c requirements.lock

$(VENV)/.installed: $(BIN)/python pyproject.toml requirements.lock
	$(PIP) -e .
	touch $@

$(VENV)/.installed-dev: $(BIN)/python pyproject.toml requirements.lock
	$(PIP) -e '.[dev,load,postgres]'
	touch $(VENV)/.installed $@

clean:
	rm -rf $(VENV) build dist rehearsal load-report *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
