# make run | test | test-conformance | check | setup | bench | soak | wheel | handover-rehearsal | locks | clean. Needs Python >= 3.11 with venv, make, cargo and a C linker.
PYTHON ?= python3
ARGS ?=
OUT ?= dist
UV = .build/bootstrap/bin/uv
BUILD = .build/env/bin
VENV = .venv/bin
export PYTHONDONTWRITEBYTECODE =
export UV_LINK_MODE = copy
export UV_NO_CONFIG = 1

NATIVE_SOURCES = $(shell find native \( -name target -o -name fuzz \) -prune -o \( -name '*.rs' -o -name '*.toml' -o -name Cargo.lock \) -print)
WEB_SOURCES = $(shell find web -name node_modules -prune -o -type f -print)
GENERATORS = $(shell find tools -name '*.py') $(wildcard bpf/*)

.PHONY: docs run test test-conformance test-native check setup bench soak locks clean wheel handover-rehearsal
.DELETE_ON_ERROR:

run: setup
	$(VENV)/freehold up --demo 10 $(ARGS)

test: setup .build/test.stamp .build/fuzz.stamp .build/api.stamp .build/web-dev.stamp test-native
	@tools/prerequisites tests
	$(VENV)/pytest -n 2 --dist loadgroup -m "not soak" $(ARGS)

# What shows in two minutes that it does what the specifications say: procedures, user plane, assurance with its mutants, ladders.
test-conformance: setup .build/test.stamp
	@tools/prerequisites tests
	$(VENV)/pytest -n 2 --dist loadgroup -m "not soak" tests/conformance tests/flows $(ARGS)

# The engines' own tests, in Rust.
test-native:
	@mkdir -p .build
	@cd native && cargo test --quiet --locked --workspace --exclude freehold-python > ../.build/test-native.log 2>&1 || \
		{ cat ../.build/test-native.log; exit 1; }

# Long suites; one test that takes over two hours ends the run and shows where it stands. docs/how-to/soak.md says how long which part takes.
soak: setup .build/test.stamp .build/fuzz.stamp .build/api.stamp
	$(VENV)/pytest -m soak -o faulthandler_timeout=7200 $(ARGS)

bench: setup
	$(VENV)/freehold bench codec
	$(VENV)/freehold bench startup
	$(VENV)/freehold bench registration --ues 1000
	$(VENV)/freehold bench userplane

# Licensor, intermediary and licensee of a hand-over, from the keys to the certificate of acceptance: builds natively twice.
handover-rehearsal: setup .build/test.stamp
	tools/handover-rehearsal $(ARGS)

# Reference pages made from the code, and all of it as a site in .build/site.
docs: setup .build/docs.stamp
	$(PYTHON) tools/compliance.py docs/reference/compliance.md
	$(VENV)/python tools/messages.py docs/reference/messages
	$(VENV)/python tools/assurance.py docs/reference
	$(VENV)/python tools/interfaces.py docs/reference
	$(PYTHON) tools/user_plane.py docs/reference/user-plane-functions.md
	.build/docs/bin/mkdocs build --quiet --strict

check: setup .build/test.stamp .build/check.stamp .build/web-dev.stamp
	tools/check

setup: .build/native.stamp .build/web.stamp

.build/bootstrap.stamp: locks/bootstrap.txt
	@tools/prerequisites $(PYTHON)
	@echo "set-up: Python packages"
	@$(PYTHON) -m venv .build/bootstrap
	@.build/bootstrap/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

.build/run.stamp: locks/run.txt .build/bootstrap.stamp
	@test -x $(VENV)/python || $(UV) venv -q --python $(PYTHON) .venv
	@$(UV) pip install -q --python $(VENV)/python --require-hashes -r $<
	@touch $@

.build/test.stamp: locks/test.txt locks/trust.txt .build/run.stamp
	@$(UV) pip install -q --python $(VENV)/python --require-hashes -r $< -r locks/trust.txt
	@touch $@

.build/check.stamp: locks/check.txt .build/run.stamp
	@$(UV) pip install -q --python $(VENV)/python --require-hashes -r $<
	@touch $@

.build/fuzz.stamp: locks/fuzz.txt .build/run.stamp
	@$(UV) pip install -q --python $(VENV)/python --require-hashes -r $<
	@touch $@

.build/api.stamp: locks/api.txt .build/bootstrap.stamp
	@test -x .build/api/bin/python || $(UV) venv -q --python $(PYTHON) .build/api
	@$(UV) pip install -q --python .build/api/bin/python --require-hashes -r $<
	@touch $@

.build/docs.stamp: locks/docs.txt .build/bootstrap.stamp
	@test -x .build/docs/bin/python || $(UV) venv -q --python $(PYTHON) .build/docs
	@$(UV) pip install -q --python .build/docs/bin/python --require-hashes -r $<
	@touch $@

.build/env.stamp: locks/build.txt .build/bootstrap.stamp
	@test -x $(BUILD)/python || $(UV) venv -q --python $(PYTHON) .build/env
	@$(UV) pip install -q --python $(BUILD)/python --require-hashes -r $<
	@touch $@

.build/generated.stamp: $(GENERATORS) .build/env.stamp
	@echo "set-up: tables of the ASN.1 protocols, programs for the kernel"
	@$(BUILD)/python tools/generate.py src/freehold/_gen
	@touch $@

.build/native.stamp: $(NATIVE_SOURCES) pyproject.toml .build/run.stamp .build/env.stamp .build/generated.stamp
	@echo "set-up: native engines (a minute or two the first time)"
	@cargo fetch --quiet --locked --manifest-path native/Cargo.toml
	@VIRTUAL_ENV=$(CURDIR)/.venv PATH="$(CURDIR)/.build/bootstrap/bin:$$PATH" CARGO_TERM_QUIET=true \
		tools/reproducibly $(BUILD)/maturin develop --release --uv -q > .build/native.log 2>&1 || { cat .build/native.log; exit 1; }
	@touch $@

# The wheel: the same octets from the same sources, whoever builds it, wherever and whenever.
wheel: .build/env.stamp .build/generated.stamp .build/web.stamp
	@cargo fetch --quiet --locked --manifest-path native/Cargo.toml
	@CARGO_TERM_QUIET=true tools/reproducibly $(BUILD)/maturin build --release --locked --compatibility linux -q --out $(OUT) \
		> .build/wheel.log 2>&1 || { cat .build/wheel.log; exit 1; }

# The console: what it is built with, its pages, and what checks and tests need beside.
.build/npm.stamp: web/package-lock.json locks/web.txt .build/env.stamp
	@echo "set-up: the console"
	@tools/web install $(CURDIR)/$(UV)
	@touch $@

.build/web.stamp: $(WEB_SOURCES) .build/npm.stamp
	@tools/web build $(CURDIR)/$(UV)
	@touch $@

.build/web-dev.stamp: web/package-lock.json .build/npm.stamp .build/web.stamp
	@tools/web dev $(CURDIR)/$(UV)
	@touch $@

# Rewrites the locks from pyproject.toml; the only target that chooses versions.
locks: .build/bootstrap.stamp
	tools/lock $(UV)

clean:
	rm -rf .venv .build native/target src/freehold/_gen src/freehold/_console web/node_modules src/freehold/*.so
