# Two commands are the whole set-up: `make demo` and `make test`. What is missing is installed.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
CHROMIUM := /usr/bin/chromium
# Installing compiles the catalogues of words.
WORDS := $(wildcard */locale/*/LC_MESSAGES/*.po)
ONCE ?=

.PHONY: demo test lint types unit coverage search bench docs clean pictures

demo: $(VENV)/.demo
	$(BIN)/newsletter demo $(if $(ONCE),--once --no-open)

test: lint types unit

$(VENV)/bin/python:
	$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -qy python3-venv; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml constraints.txt $(WORDS) | $(VENV)/bin/python
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(INSTALLED): pyproject.toml constraints.txt $(WORDS) | $(VENV)/bin/python
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

# Chromium for the browser tests, PostgreSQL for its own; on Debian both come with apt.
.PHONY: machine
machine:
	@packages=; \
	[ -x $(CHROMIUM) ] || packages="$$packages chromium fonts-dejavu-core fonts-noto-core fonts-noto-color-emoji"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || packages="$$packages postgresql"; \
	if [ -n "$$packages" ]; then \
	  $(SUDO) apt-get update -q && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -qy --no-install-recommends $$packages; \
	fi

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(INSTALLED)
	$(BIN)/mypy

unit: $(INSTALLED) machine
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not browser"
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m browser

# How much of the sending engine its own tests reach, branches too.
coverage: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 -q --cov=newsletter/delivery --cov-branch --cov-fail-under=95 tests/delivery

# The property tests with new cases each time, and many more of them.
search: $(INSTALLED) machine
	HYPOTHESIS_PROFILE=search $(BIN)/python -m pytest -n 2 --dist loadgroup -m "not browser"

bench: $(INSTALLED)
	@command -v /usr/sbin/smtp-sink >/dev/null || { $(SUDO) apt-get update -q && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -qy --no-install-recommends postfix; }
	@for each in tests/bench/bench_*.py; do $(BIN)/python -m tests.bench.$$(basename $$each .py) || exit 1; done

pictures docs: $(INSTALLED) machine
	$(BIN)/python -m docs.pictures

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage build dist
