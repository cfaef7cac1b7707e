# make demo    installs what is needed, then finds the changes of a demonstration pair
# make test    installs what is needed, then checks format, lint, types, imports and behaviour
# make install | format | pins | clean
#
# Another interpreter: make demo PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
EXTRAS := $(VENV)/extras
CKPT ?= checkpoints/spotdiff-small.ckpt

export UV_PYTHON_DOWNLOADS = never
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export NO_ALBUMENTATIONS_UPDATE = 1

# $(call step,NAME,COMMAND): announces a check, and names it again where it fails.
define step
@printf '\n-- %s: %s\n' '$(1)' '$(2)'
@$(2) || { printf '\nFailed: %s (%s)\n' '$(1)' '$(2)' >&2; exit 1; }
endef

.PHONY: help demo test install format pins clean

help:
	@sed -n '1,3s/^# //p' Makefile

demo: install
	@echo
	@$(BIN)/python predict.py ckpt=$(CKPT)

test: export HF_HUB_OFFLINE = 1
test: export PYTHONDONTWRITEBYTECODE =
test: install $(EXTRAS)
	$(call step,format,$(BIN)/ruff format --check .)
	$(call step,lint,$(BIN)/ruff check .)
	$(call step,types,$(BIN)/mypy)
	$(call step,import contracts,$(BIN)/lint-imports)
	$(call step,tests,$(BIN)/python -m pytest -p no:cacheprovider -n 2 --dist loadfile)
	@printf '\nAll checks passed.\n'

install: $(STAMP)

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Expected Python 3.11 or newer, but $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	    "Name another one: make $(or $(MAKECMDGOALS),install) PYTHON=python3.12" >&2; exit 1; }
	@echo "[1/4] An environment of its own in $(VENV)/ ($$($(PYTHON) --version))"
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo "[2/4] The installer uv (20 MB, seconds)"
	@$(BIN)/python -m pip install --quiet uv \
	  || echo "      uv cannot be had here: pip takes its place, which is slower."
	@echo "[3/4] The pinned packages, torch among them: on Linux, with CUDA, 3 GB to download" \
	  "and 7 GB on disk; elsewhere 1 GB. One to ten minutes, seconds when cached"
	@if test -x $(BIN)/uv && $(BIN)/uv pip install --python $(BIN)/python -r requirements.txt; \
	  then :; else echo "      pip installs them"; \
	  $(BIN)/python -m pip install -r requirements.txt; fi
	@echo "[4/4] spotdiff itself, editable"
	@if test -x $(BIN)/uv && $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .; \
	  then :; else $(BIN)/python -m pip install --quiet --no-deps -e .; fi
	@touch $@
	@echo "Installed."

# What optional parts need, so that their tests run: Ray; ensemble-boxes, which fusion is compared
# with; and ultralytics, which is AGPL-3.0 and therefore in no other list. The suite starts many
# processes: with byte code at hand each of them is there sooner.
$(EXTRAS): requirements-extras.txt $(STAMP)
	@echo "[test] The packages of optional parts (200 MB to download), and byte code of all packages"
	@if test -x $(BIN)/uv && $(BIN)/uv pip install --quiet --python $(BIN)/python -r $<; \
	  then :; else $(BIN)/python -m pip install --quiet -r $<; fi
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || :
	@touch $@

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Resolves the pins anew, for every platform; no address of a package host gets into the file.
pins: install
	$(BIN)/uv pip compile --universal --python-version 3.11 --upgrade --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --extra dev --extra sweep --extra tensorboard \
	  pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --no-header --no-annotate --quiet \
	  --no-emit-index-url --no-emit-find-links --extra dev --extra endpoint --extra fastsam --extra ray --extra reference \
	  --extra synthesis \
	  --constraint requirements.txt pyproject.toml --output-file .extras.txt
	grep --invert-match --line-regexp --fixed-strings --file requirements.txt .extras.txt \
	  > requirements-extras.txt
	rm .extras.txt

# Leaves outputs/ and multirun/ alone: they are the user's.
clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +
