# Everything one does with benchwatch. Needs Python 3.11 or newer and make, nothing else.

# The first Python on the path that is new enough; name another with make PYTHON=…
IS_NEW = -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p $(IS_NEW) 2>/dev/null && echo $$p && break; done)
NEED_PYTHON = "$(PYTHON)" $(IS_NEW) 2>/dev/null || { \
	echo 'benchwatch needs Python 3.11 or newer, and "$(or $(PYTHON),python3)" is not. Try make PYTHON=…' >&2; exit 1; }
PYTEST_ARGS ?= -n 4 --dist loadfile

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := -m pip --quiet --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test check bench pictures constraints clean
.DELETE_ON_ERROR:

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

demo: $(STAMP) ## Run the whole path on embedded data, with the messages in the terminal
	@$(BIN)/benchwatch demo

test: $(STAMP) ## Run every test (PYTEST_ARGS="-k settings" for some)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(STAMP) ## Lint, check the format and the types
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m mypy

bench: $(STAMP) ## Measure how fast the engine ranks
	@$(BIN)/python -m tests.bench

pictures: $(STAMP) ## Draw the examples of charts in docs/ afresh
	@$(BIN)/python -m bot.demo.pictures docs

# The comments at the top of the file are kept.
constraints: ## Resolve all dependencies afresh and pin them in constraints.txt
	@$(NEED_PYTHON)
	@set -e; work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; trap 'exit 1' HUP INT TERM; \
	"$(PYTHON)" -m venv "$$work/venv"; \
	"$$work/venv/bin/python" $(PIP) install -e '.[dev]'; \
	{ grep '^#' constraints.txt; "$$work/venv/bin/python" $(PIP) freeze --exclude-editable; } > "$$work/pins"; \
	cp "$$work/pins" constraints.txt

clean: ## Remove what make and the tools made; the database and dropped files stay
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last, so an interrupted installation starts again. It says where it was made: a virtual
# environment does not survive a move of its folder.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif

$(STAMP): pyproject.toml constraints.txt
	@$(NEED_PYTHON)
	@echo 'Setting up $(VENV), which takes a minute …' >&2
	@rm -rf $(VENV)
	@"$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python $(PIP) install -c constraints.txt -e '.[dev]'
	@pwd -P > $@
