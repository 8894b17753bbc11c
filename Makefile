# The menu; `make` prints it. Every target sets up what it needs, once: on Debian the missing system packages, then a
# virtual environment in $(VENV). Files that make produces stand in $(BUILD) and $(VENV), setuptools' in build/.

PYTHON ?= python3
BUILD ?= build
VENV ?= .venv
PANEL = ../shared/data/calibration
PLANS = jiangsu-2021 jiangxi-2022 jiangsu-2023 jiangsu-2025 jiangxi-2025

.DELETE_ON_ERROR:
.NOTPARALLEL: # two pips in one environment get into each other's way
.PHONY: help run test check-long priors core-c test-c lint bench compare run-bench run-compare clean system-c system-cmocka system-python system-battery system-font

help: ## this menu
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/attain | system-font ## assess the five bundled plans: tables, and pages and figures in two languages
	@$(VENV)/bin/attain assess $(PLANS) --lang zh --out $(BUILD)/report | grep '^wrote'
	@$(VENV)/bin/attain assess $(PLANS) --out $(BUILD)/report

test: lint test-c $(VENV)/attain $(VENV)/test | system-font ## lint, the C tests, pytest on the installed package
	@$(VENV)/bin/pytest -n auto --dist loadfile # a file is run by one worker, in its order

check-long: $(VENV)/attain $(VENV)/test $(BUILD)/core/write_stream | system-battery ## what takes an hour or two: calibration, simulation, random numbers
	@! command -v clang >/dev/null || $(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/clang core-c
	@BUILD=$(BUILD) $(VENV)/bin/pytest tests/long

priors: $(VENV)/attain ## learn the shipped priors again, from the calibration panel beside the project
	@$(VENV)/bin/python benchmarks/calibration/learn.py ship $(PANEL)
	@$(VENV)/bin/python benchmarks/calibration/learn_part_year.py $(PANEL)/subannual.csv.gz \
	    --write python/attain/priors/part-year.yaml

# --- what the system must offer -------------------------------------------------------------------------------------

# Each line asks for the thing itself, not for its package: whatever came another way counts, and a second run asks no
# package manager anything.
missing = $(shell { $(2); } >/dev/null 2>&1 || echo $(1))
missing-c = $(strip $(call missing,build-essential,command -v $(CC)) \
                    $(call missing,pkg-config,command -v pkg-config) \
                    $(call missing,libgsl-dev,pkg-config --exists gsl))
missing-cmocka = $(call missing,libcmocka-dev,pkg-config --exists cmocka)
missing-python = $(strip $(call missing,python3-venv,$(PYTHON) -c 'import ensurepip') \
                         $(call missing,python3-dev,test -e "$$($(PYTHON) -c $(PYTHON_INCLUDE))/Python.h"))
missing-font = $(call missing,fonts-wqy-microhei,fc-list :lang=zh | grep . || dpkg-query -L fonts-wqy-microhei)
missing-battery = $(call missing,dieharder,command -v dieharder)
PYTHON_INCLUDE = 'import sysconfig; print(sysconfig.get_path("include"))'

# $(call provide,packages): the lists of packages are fetched only when what is at hand does not do.
define provide
set -e; packages="$(strip $(1))"; test -n "$$packages" || exit 0; \
if [ "$$(id -u)" = 0 ]; then root=; else root="sudo$$([ -t 0 ] || echo ' -n')"; fi; \
if ! command -v apt-get >/dev/null || ! $$root true 2>/dev/null; then \
    echo "Please install what Debian calls: $$packages (no apt-get here, or no right to use it)" >&2; exit 1; \
fi; \
echo "Installing $$packages"; \
install="$$root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$packages"; \
$$install >/dev/null 2>&1 || { $$root apt-get update -qq; $$install >/dev/null; }
endef

system-c:
	@$(call provide,$(missing-c))

system-cmocka: system-c
	@$(call provide,$(missing-cmocka))

system-python: system-c
	@$(call provide,$(missing-python))

system-battery:
	@$(call provide,$(missing-battery))

system-font: # Chinese labels in figures; without such a font they are boxes, but all else works
	@($(call provide,$(missing-font))) || true

# --- Python ---------------------------------------------------------------------------------------------------------

# Folders are listed too: a file that was deleted shows in the date of its folder only.
PACKAGE := setup.py pyproject.toml MANIFEST.in $(shell find csrc python/attain -not -path '*/__pycache__*')
pip = $(VENV)/bin/python -m pip --quiet --disable-pip-version-check

$(VENV)/pip: | system-python
	@echo "Making the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(pip) install --upgrade 'pip>=25.1' # the first that knows --group
	@touch $@

# setuptools never takes out of build/ what has left the sources, and would ship it.
$(VENV)/attain: $(PACKAGE) $(VENV)/pip
	@echo "Installing attain"
	@rm -rf build/lib* build/bdist*
	@$(pip) install .
	@touch $@

$(VENV)/lint $(VENV)/test $(VENV)/bench $(VENV)/compare: pyproject.toml $(VENV)/pip
	@echo "Installing the tools of make $(@F)"
	@$(pip) install --group $(@F)
	@touch $@

# statsforecast wants an older pandas than the tests do: what runs it has an environment of its own.
PEERS = $(MAKE) --no-print-directory VENV=$(VENV)-peers
COMPARE = benchmarks/calibration/compare.py

bench: ## every benchmark
	@$(PEERS) run-bench

compare: ## usual forecasting methods on real series, scored
	@$(PEERS) run-compare

run-bench: $(VENV)/attain $(VENV)/bench
	@for bench in $(wildcard benchmarks/bench_*.py); do echo "== $$bench"; $(VENV)/bin/python $$bench || exit 1; done

run-compare: $(VENV)/compare
	@$(VENV)/bin/python $(COMPARE) --out $(BUILD)/calibration/comparison.md

# --- C --------------------------------------------------------------------------------------------------------------

CORE := $(wildcard csrc/core/*.c)
C_TESTS := $(patsubst tests/c/%.c,%,$(wildcard tests/c/test_*.c))
WARNINGS := -Wall -Wextra -Wconversion -Werror
C_FLAGS := -std=c11 -ffp-contract=off -fvisibility=hidden $(WARNINGS) -Icsrc/include

# $(call c-build,FOLDER,FLAGS): the core as a library of its own, no Python near, and each test linked to it.
define c-build
$(BUILD)/$(1)/%.o: csrc/core/%.c Makefile | system-c
	@mkdir -p $$(@D)
	@$$(CC) $(C_FLAGS) $(2) $$(shell pkg-config --cflags gsl) -MMD -MP -c $$< -o $$@

$(BUILD)/$(1)/libattain.a: $(CORE:csrc/core/%.c=$(BUILD)/$(1)/%.o)
	@rm -f $$@
	@$$(AR) rcs $$@ $$^

$(BUILD)/$(1)/test_%: tests/c/test_%.c $(BUILD)/$(1)/libattain.a | system-cmocka
	@$$(CC) $(C_FLAGS) $(2) -iquote csrc/core -MMD -MP -MT $$@ -MF $$@.d $$(filter %.c %.a,$$^) -o $$@ \
	    $$(shell pkg-config --cflags --libs gsl cmocka) -lm

-include $(wildcard $(BUILD)/$(1)/*.d)
endef
$(eval $(call c-build,core,-O2))
$(eval $(call c-build,sanitized,-O1 -g -fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all))

$(BUILD)/core/write_stream: tests/long/write_stream.c $(BUILD)/core/libattain.a
	@$(CC) $(C_FLAGS) -O2 $^ -o $@

# A test that passes says so in its last line; one that fails says everything.
core-c: $(C_TESTS:%=$(BUILD)/core/%)
test-c: $(C_TESTS:%=$(BUILD)/core/%) $(C_TESTS:%=$(BUILD)/sanitized/%) ## the C core alone, plain and under sanitizers
core-c test-c:
	@failed=0; for test in $^; do \
	    if said=$$($$test 2>&1); then echo "$$test $$(echo "$$said" | tail -n 1)"; \
	    else echo "$$said"; echo "$$test failed"; failed=1; fi; \
	done; exit $$failed

# --- style ----------------------------------------------------------------------------------------------------------

C_FILES := $(filter-out tests/c/oracle_%,$(shell find csrc tests -name '*.[ch]'))
NUMPY_API := -DNPY_NO_DEPRECATED_API=NPY_2_0_API_VERSION -DNPY_TARGET_VERSION=NPY_2_0_API_VERSION
# As system headers, so that their own warnings stay theirs.
HEADERS = import numpy, sysconfig as s; print(*("-isystem" + h for h in (s.get_path("include"), numpy.get_include())))

lint: $(VENV)/attain $(VENV)/lint ## ruff, mypy, stubtest, clang-format, warnings of the glue
	@$(VENV)/bin/ruff check --quiet
	@$(VENV)/bin/ruff format --quiet --check
	@$(VENV)/bin/mypy --no-error-summary
	@$(VENV)/bin/python -m mypy.stubtest attain._core
	@$(VENV)/bin/clang-format --dry-run -Werror $(C_FILES)
	@$(CC) $(C_FLAGS) $(NUMPY_API) $(shell $(VENV)/bin/python -c '$(HEADERS)') -fsyntax-only csrc/glue/*.c

clean: ## remove what make made, the virtual environment too
	rm -rf $(BUILD) $(VENV) $(VENV)-peers build python/*.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
