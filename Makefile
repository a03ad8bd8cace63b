# perdure's commands. `make` alone lists them.
#
# Everything lives in one virtual environment that make itself fills, by pip, from the pinned groups of
# pyproject.toml; stamp files in it say what is done. PYTHON=python3.13 chooses an interpreter, which then
# gets an environment of its own; ARGS="..." goes to the command underneath (pytest, a benchmark, the fuzzer).

PYTHON ?= python3
ifneq ($(filter environment command,$(word 1,$(origin PYTHON))),)
VENV ?= .venv-$(shell $(PYTHON) -c "import sysconfig as s; print(s.get_config_var('SOABI'))")
endif
VENV ?= .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install -q --disable-pip-version-check
ENGINE := $(shell find src/perdure/_engine -name '*.pyx' -o -name '*.pxd') $(wildcard src/perdure/policy/*.py src/perdure/policy/*/*.py src/perdure/formats/forms/*.py)
SANITIZED := build/sanitize

.PHONY: help
help:  ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## */\1\t/p' $(MAKEFILE_LIST) | expand -t 14

# The environment ---------------------------------------------------------------------------------------

$(VENV)/.made:
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PIP) "pip>=25.1"
	touch $@

$(VENV)/.group-%: pyproject.toml | $(VENV)/.made
	$(PIP) --group $*
	touch $@

# Of torch what computes on the CPU alone is a fifth of the rest.
$(VENV)/.group-tables-heavy: private PIP += --extra-index-url https://download.pytorch.org/whl/cpu

# In place, so that an edited .py counts at once; make sees to edited .pyx and .pxd, and to what of the policy is compiled.
$(VENV)/.installed: pyproject.toml setup.py $(VENV)/.group-build
	$(PIP) --no-build-isolation --no-deps -e .
	touch $@

$(VENV)/.built: $(ENGINE) setup.py $(VENV)/.installed
	$(PY) setup.py -q build_ext --inplace
	touch $@

.PHONY: build
build: $(VENV)/.built  ## compile the engine, in place

$(VENV)/.profiled: $(ENGINE) setup.py tools/training.py tools/profiled.py $(VENV)/.installed
	$(PY) tools/profiled.py
	touch $(VENV)/.built $@

.PHONY: profiled
profiled: $(VENV)/.profiled  ## the same, guided by a profile, as the wheels are (gcc)

src/perdure/_engine/opcodes.pxd: src/perdure/ops.py tools/generate.py
	$(PYTHON) tools/generate.py
	touch $@

# What a person runs ------------------------------------------------------------------------------------

.PHONY: demo bench bench-files formats test test-heavy
demo: build $(VENV)/.group-demo  ## a real model saved, loaded elsewhere, attacked, timed
	$(PY) examples/demo.py $(ARGS)

# CI installs the libraries too whose pickles the built-in profile knows; without them their tests are skipped.
test: build $(VENV)/.group-test $(if $(CI),$(VENV)/.group-tables)  ## all tests but the slow ones (those too: ARGS=--slow)
	$(PY) -m pytest $(ARGS)

test-heavy: build $(VENV)/.group-test $(VENV)/.group-tables-heavy  ## the tests of the packs, those of large libraries too
	$(PY) -m pytest tests/profile $(ARGS)

bench: profiled $(VENV)/.group-bench  ## speed beside pickle, marshal, msgspec, orjson
	$(PY) -m benchmarks $(ARGS)

bench-files: profiled $(VENV)/.group-bench  ## files beside pickle's, joblib's, numpy's, safetensors', skops'
	$(PY) -m benchmarks.files $(ARGS)

formats: profiled $(VENV)/.group-bench $(VENV)/.group-test  ## measure the table of docs/formats.md
	$(PY) -m benchmarks.formats --write $(ARGS)

# What a developer runs ---------------------------------------------------------------------------------

.PHONY: lint docs sanitize compat compat-one test-versions fuzz refleaks threads durability memory dist clean
lint: build $(VENV)/.group-lint  ## ruff, cython-lint, mypy, stubtest, generated files
	$(PY) tools/generate.py --check
	$(PY) -m ruff check
	PATH="$(VENV)/bin:$$PATH" cython-lint src
	$(PY) -m mypy
	$(PY) -m mypy.stubtest perdure --allowlist tools/stubtest.txt --ignore-unused-allowlist --ignore-disjoint-bases

docs: build $(VENV)/.group-test  ## regenerate the opcode page; run every example, follow every link
	$(PY) tools/generate.py
	$(PY) -m pytest tests/test_docs.py $(ARGS)

# A copy of its own, so that no instrumented module is ever left in the tree.
sanitize: build $(VENV)/.group-test  ## the tests under the address and undefined-behaviour sanitizers
	mkdir -p $(SANITIZED)
	tar -cf - --exclude='*.so' --exclude='*.c' --exclude=__pycache__ src tests tools docs examples setup.py pyproject.toml \
		| tar -xf - -C $(SANITIZED)
	cd $(SANITIZED) && LDFLAGS="-fsanitize=address,undefined" \
		PERDURE_CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined" \
		$(abspath $(PY)) setup.py -q build_ext --inplace
	cd $(SANITIZED) && LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
		ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 PYTHONMALLOC=malloc PYTHONPATH=$(abspath $(SANITIZED))/src \
		$(abspath $(PY)) -m pytest -p no:cacheprovider $(ARGS)

compat:  ## CPython's own tests of pickle and marshal on every Python from 3.11 to 3.15 (tools/compat.py tells how)
	$(PYTHON) tools/compat.py

compat-one: build  ## the same on one: PYTHON=...
	$(PY) -m tests.compat $(ARGS)

test-versions:  ## the tests of the profile and the packs, with older releases of the libraries (tools/versions.py)
	$(if $(filter command line,$(origin PYTHON)),VERSIONS_PYTHON=$(PYTHON)) $(PYTHON) tools/versions.py $(ARGS)

fuzz: build $(VENV)/.group-test  ## feed the reader what no writer wrote
	$(PY) -m tests.fuzz $(ARGS)

refleaks: build $(VENV)/.group-test  ## reference counts stay flat (needs a debug build: PYTHON=...)
	$(PY) -m tests.refleaks $(ARGS)

threads: build  ## eight threads, one graph, one minute
	$(PY) -m tests.threads $(ARGS)

durability: build  ## kills, failing system calls, power cuts on paper, many writers of one path
	$(PY) -m tests.durability $(ARGS)

memory: build $(VENV)/.group-bench  ## peak memory beside the standard pickle
	$(PY) -m benchmarks.memory $(ARGS)

dist: $(VENV)/.made $(VENV)/.group-dist  ## wheel and sdist
	$(PY) -m build --outdir dist

clean:  ## all that make made, but the environments
	rm -rf build dist src/*.egg-info $(wildcard .venv*/.built)
	find src/perdure -name '*.so' -o -name '*.c' | xargs rm -f
	rm -rf .hypothesis .pytest_cache .mypy_cache .ruff_cache
	find src tests tools benchmarks examples -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
