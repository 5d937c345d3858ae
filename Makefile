# Two commands are the whole set-up: `make demo` and `make test`. What is missing is installed. `make check` runs all tests.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
VALIDATORS := tests/render/validators
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
MAY_INSTALL := { [ "$$(id -u)" = 0 ] || sudo -n true 2>/dev/null || { [ -t 0 ] && id -nG | grep -qwE 'sudo|wheel'; }; }
CHROMIUM_PACKAGES := chromium fonts-dejavu-core fonts-noto-core fonts-noto-color-emoji
export CHROMIUM ?= $(or $(shell command -v chromium || command -v chromium-browser || command -v google-chrome),/usr/bin/chromium)
# Installing compiles the catalogues of words.
WORDS := $(wildcard */locale/*/LC_MESSAGES/*.po)
ONCE ?=

.PHONY: demo test check quick lint types coverage search bench docs clean pictures

demo: $(VENV)/.demo
	$(BIN)/newsletter demo $(if $(ONCE),--once --no-open)

# What failed is repeated once, alone: a test that passes then depends on how busy the machine is, and is to be mended, but
# does not refuse a change that has nothing to do with it. Both results are printed. `RECORD=1` writes tests/longest.txt.
PROCESSORS := $(shell nproc)
WAITING := $(shell expr $(PROCESSORS) + 1)
RECORD ?=
COVERED ?=
PYTEST := $(COVERED) $(BIN)/python -m pytest -q --dist loadfile --no-loadscope-reorder
TESTS = $(PYTEST) -n $(1) -m "$(2)" --budget $(if $(RECORD),--record) \
	|| { [ $$? = 1 ] && echo "Repeating what failed, alone" && $(PYTEST) -n 0 --last-failed -m "$(2)"; }

# Style, types, all tests without processes, servers and browsers, and the whole way from a blog to an email: once with
# processes, and once in the browser.
test: chromium lint types
	$(call TESTS,$(PROCESSORS),quick or path)

# Everything: `make test`, and the tests with processes, servers and browsers. These wait now and then, so there are more of
# them at once than processors.
check: test $(VALIDATORS)/node_modules/.installed machine
	$(call TESTS,$(WAITING),e2e and not (browser or soak or path))
	$(call TESTS,$(WAITING),browser and not (soak or path))

# What a contributor runs after each change: style, and the quick tests of PACKAGE (such as `render`, or `web/fast_path`), or else
# of the packages in which something is not committed.
PACKAGE ?=
CHANGED = $(shell git status --porcelain --untracked-files=all | \
	sed -nE 's,^...(.* -> )?(newsletter|tests)/([a-z]+)/.*,\3,p; s,^...(.* -> )?subscribers/.*,subscribers,p; s,^...templates/.*,render,p' | sort -u)
quick: $(INSTALLED)
	$(BIN)/ruff check -q . && $(BIN)/ruff format -q --check .
	$(BIN)/python -m pytest -q -n 0 -m quick --failed-first $(if $(PACKAGE),$(addprefix tests/,$(PACKAGE)),$(wildcard $(addprefix tests/,$(CHANGED))))

$(VENV)/bin/python:
	$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -qy python3-venv; }
	$(PYTHON) -m venv $(VENV)

# All packages, pinned with their hashes, and then the project. Without --no-deps pip looks for the newest release of a
# package that another one wants with an extra, and then refuses it, since it has no hash.
INSTALL := $(BIN)/pip install -q --disable-pip-version-check

$(VENV)/.demo: pyproject.toml hatch_build.py requirements.txt requirements-demo.txt $(WORDS) | $(VENV)/bin/python
	$(INSTALL) --no-deps --require-hashes -r requirements.txt -r requirements-demo.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	touch $@

$(INSTALLED): pyproject.toml hatch_build.py requirements.txt requirements-dev.txt $(WORDS) | $(VENV)/bin/python
	$(INSTALL) --no-deps --require-hashes -r requirements.txt -r requirements-dev.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.demo

# uv and pip-audit, in an environment of their own.
TOOLS := $(VENV)/tools
$(TOOLS)/.installed: requirements-tools.txt | $(VENV)/bin/python
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-tools.txt
	touch $@

# Write requirements*.txt anew from pyproject.toml. Pinned versions stay unless UPGRADE=1 is given. Each file but the first and
# the tools' has only what it adds to requirements.txt.
UPGRADE ?=
COMPILE = $(TOOLS)/bin/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)
ADDED = -c requirements.txt $$(sed -n 's/^\([A-Za-z0-9._-]*\)==.*/--no-emit-package \1/p' requirements.txt)
.PHONY: requirements
requirements: $(TOOLS)/.installed
	$(COMPILE) --group build -o requirements.txt
	$(COMPILE) --extra demo $(ADDED) -o requirements-demo.txt
	$(COMPILE) --extra sentry $(ADDED) -o requirements-sentry.txt
	$(COMPILE) --extra ses $(ADDED) -o requirements-ses.txt
	$(COMPILE) --extra postgresql $(ADDED) -c requirements-ses.txt -o requirements-postgresql.txt
	$(COMPILE) --extra dev $(ADDED) -o requirements-dev.txt
	$(COMPILE:pyproject.toml=) --group tools -o requirements-tools.txt
	sed -i '/^ *#/d' requirements*.txt

# Known vulnerabilities of the pinned packages, at SERVICE (pypi or osv). Ends with an error if there are any, or if some
# packages could not be looked up.
SERVICE ?= pypi
.PHONY: audit
audit: $(TOOLS)/.installed
	$(BIN)/python .ci/audit.py $(TOOLS)/bin/pip-audit $(SERVICE) requirements.txt requirements-dev.txt requirements-tools.txt

# Chromium is the only program that `make test` installs: on Debian with apt, if one may do that.
.PHONY: chromium
chromium:
	@[ -x $(CHROMIUM) ] || ! command -v apt-get >/dev/null || ! $(MAY_INSTALL) || { $(SUDO) apt-get update -q && \
	DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -qy --no-install-recommends $(CHROMIUM_PACKAGES); }
	@[ -x $(CHROMIUM) ] || { echo "The tests need Chromium: install it (on Debian: apt install chromium), or say where it is: make test CHROMIUM=/path/to/chromium" >&2; exit 1; }

# git, Chromium, Firefox, PostgreSQL, systemd, the reverse proxies, Dovecot, NSD, SpamAssassin and Node.js for the tests; on
# Debian all come with apt. The tests start the servers themselves: policy-rc.d (Debian policy 9.3.3) keeps apt from starting
# them as services.
.PHONY: machine
machine: chromium
	@packages=; \
	command -v git >/dev/null || packages="$$packages git"; \
	[ -x /usr/bin/firefox-esr ] || packages="$$packages firefox-esr"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || packages="$$packages postgresql"; \
	ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || packages="$$packages faketime"; \
	[ -x /usr/sbin/nginx ] || packages="$$packages nginx"; \
	[ -x /usr/sbin/apache2 ] || packages="$$packages apache2-bin"; \
	[ -x /usr/bin/caddy ] || packages="$$packages caddy"; \
	[ -x /usr/bin/systemd-analyze ] || packages="$$packages systemd"; \
	[ -x /usr/bin/openssl ] || packages="$$packages openssl"; \
	[ -x /usr/bin/promtool ] || packages="$$packages prometheus"; \
	[ -x /usr/sbin/dovecot ] || packages="$$packages dovecot-imapd"; \
	[ -x /usr/sbin/nsd ] || packages="$$packages nsd"; \
	[ -x /usr/bin/spamassassin ] || packages="$$packages spamassassin"; \
	command -v node >/dev/null || packages="$$packages nodejs"; \
	command -v npm >/dev/null || packages="$$packages npm"; \
	if [ -n "$$packages" ]; then \
	  policy=/usr/sbin/policy-rc.d; \
	  if [ ! -e $$policy ]; then \
	    trap "$(SUDO) rm -f $$policy" EXIT; \
	    printf '#!/bin/sh\nexit 101\n' | $(SUDO) tee $$policy >/dev/null && $(SUDO) chmod 755 $$policy; \
	  fi; \
	  $(SUDO) apt-get update -q && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -qy --no-install-recommends $$packages; \
	  for each in nginx caddy prometheus dovecot nsd; do case "$$packages" in *$$each*) $(SUDO) systemctl disable -q $$each;; esac; done; \
	fi

# Programs that check emails, pinned with their hashes.
$(VALIDATORS)/node_modules/.installed: $(VALIDATORS)/package-lock.json | machine
	npm ci --prefix $(VALIDATORS) --loglevel=error
	touch $@

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(INSTALLED)
	$(BIN)/mypy

# How many lines and branches of each package `make check` runs, in all processes; of the sending engine it must be 95 %.
MEASURED := $(CURDIR)/build/coverage
coverage: $(INSTALLED)
	rm -rf $(MEASURED) && mkdir -p $(MEASURED)
	$(MAKE) check COVERED="env COVERAGE_FOLDER=$(MEASURED) COVERAGE_PROCESS_START=$(CURDIR)/tests/coverage.ini"
	$(BIN)/python -m tests.coverage_table $(MEASURED)

# debootstrap makes the folder in which the Dockerfile's steps are carried out.
.PHONY: chroot
chroot:
	@[ -x /usr/sbin/debootstrap ] || { $(SUDO) apt-get update -q && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -qy --no-install-recommends debootstrap; }

# What takes minutes: all that runs on PostgreSQL too; a year without anyone looking after the program (SOAK_WEEKS makes it
# shorter); machines that are lost and frozen, at default time-outs; simulated years and the choices of readers with
# PostgreSQL; a database with twenty million deliveries that is backed up, restored and moved.
.PHONY: soak
soak: $(INSTALLED) machine chroot
	$(BIN)/python -m pytest -n 0 -m soak tests
	$(BIN)/python -m pytest -s -n 0 tests/soak/soak_*.py
	$(BIN)/python -m tests.soak.faults_told
	$(BIN)/python -m tests.bench.bench_database --readers 1000000 --editions 100 --each 200000

# The demo with each version of Python that this machine has.
.PHONY: versions
versions:
	@for each in 3.11 3.12 3.13 3.14; do \
	  if command -v python$$each >/dev/null; then \
	    $(MAKE) --no-print-directory demo ONCE=1 PYTHON=python$$each VENV=$(VENV)/python$$each || exit 1; \
	    echo "Python $$each: the demo works"; \
	  else echo "Python $$each: not on this machine"; fi; \
	done

# The files of a release in dist, checked by twine. The version is that of the tag.
.PHONY: release
release: $(INSTALLED) $(TOOLS)/.installed
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist
	$(TOOLS)/bin/twine check --strict dist/*

# The property tests with new cases each time, and many more of them.
search: $(INSTALLED) $(VALIDATORS)/node_modules/.installed machine
	HYPOTHESIS_PROFILE=search $(BIN)/python -m pytest -n 2 --dist loadgroup -m "not browser and not soak"

# Random histories in which everyone changes everything, judged by the emails alone: new ones each time, or those of SEED.
STEPS ?= 10000
HISTORIES ?= 60
SEED ?= $(shell date +%s)
.PHONY: readers oracle
readers: $(INSTALLED)
	STEPS=$(STEPS) SEED=$(SEED) $(BIN)/python -m pytest -n 0 tests/oracle/test_random.py tests/domain/test_offers.py
oracle: $(INSTALLED) machine
	HISTORIES=$(HISTORIES) SEED=$(SEED) $(BIN)/python -m pytest -n 0 -m soak tests/oracle/test_process_histories.py

# Small changes of the program that some test should notice, of a new sample each time, or of that of SEED.
COUNT ?= 100
.PHONY: mutants
mutants: $(INSTALLED)
	$(BIN)/python -m tests.mutants --count $(COUNT) --seed $(SEED)

# Mutated inputs for every parser of foreign input, for a minute each.
SECONDS_EACH ?= 60
.PHONY: fuzz
fuzz: $(INSTALLED)
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS_EACH)

bench: $(INSTALLED)
	@command -v /usr/sbin/smtp-sink >/dev/null || { $(SUDO) apt-get update -q && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -qy --no-install-recommends postfix; }
	@for each in tests/bench/bench_*.py; do $(BIN)/python -m tests.bench.$$(basename $$each .py) || exit 1; done

pictures docs: $(INSTALLED) machine
	$(BIN)/python -m docs.pictures
	$(BIN)/python -m tests.render.pictures pictures/designs

clean:
	rm -rf $(VENV) $(VALIDATORS)/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage build dist
