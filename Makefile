# Everything a checkout needs: `make` lists it. Needs Python 3.11 or newer, and the network for `env`.
# Written for make 3.81, which macOS brings.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-lock
UV := uv==0.13.9
REPORT := .cache/tests.xml
CASSANDRA_REPORT := .cache/tests-cassandra.xml
TOOLS := $(CURDIR)/.cache/bin
GRPCURL := github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3
GO_PLUGINS := google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.11 \
  google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.0
# Test files that run at once. Those that start a whole stack wait more than they work.
JOBS ?= 2
# Each once; plugins are run from there (clients/go/buf.gen.yaml).
GO_INSTALL = name=$${tool\#\#*/}; test -x $(TOOLS)/$${name%@*} || GOBIN=$(TOOLS) go install $$tool || exit 1
# Empty where Node is missing: then the pages and the TypeScript client are left out, and it is said.
NODE := $(shell command -v node 2>/dev/null)
NODE_STAMP := node_modules/.made-from-lock
PAGES := web/dist/index.html
PAGES_FROM := $(shell find web/src web/public web/scripts clients/ts/src -type f 2>/dev/null) \
  $(wildcard web/*.html web/*.ts web/*.json clients/ts/*.json)
NO_NODE := needs Node 20.19 or newer, which is not here
# A clip of your own: make demo FILE=clip.mp4
FILE ?=
# What runs a second time with its tables on a Cassandra.
CASSANDRA_TESTS ?= tests/e2e
# More words for pytest: make test ARGS="tests/unit -k ladder"
ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env demo test test-cassandra test-web web node pages check bench soak generate go lock sbom audit clean system

help:
	@echo "make demo      start everything, upload a clip, watch it become playable, play it back (FILE=clip.mp4)"
	@echo "make web       build the pages (needs Node), and publish them to the stack that runs here"
	@echo "make test      every test of the normal tier (ARGS=... for pytest)"
	@echo "make test-cassandra  the end-to-end tests with all tables on one Cassandra (needs Java 17 and Maven)"
	@echo "make test-web  the tests of the pages and the TypeScript client that need nothing but Node"
	@echo "make check     style, types, import direction, contracts, drift of generated code"
	@echo "make bench     measure, in quick mode (ARGS=... for names: make bench ARGS='tables edge')"
	@echo "make soak      the long tests: two hours or so (tests/e2e/README.md)"
	@echo "make generate  generate the stubs from protos/, and docs/reference/ from the code"
	@echo "make go        generate the Go stubs into clients/go/gen (needs Go 1.24)"
	@echo "make env       make the environment in $(VENV); the others do so by themselves"
	@echo "make lock      choose newer versions of what is installed, and pin them in requirements.lock"
	@echo "make sbom      write the bill of materials of an installation (CycloneDX) into dist/"
	@echo "make audit     ask the advisories about every package; says so where nobody can be asked"
	@echo "make clean     remove the environment, caches and what the stack wrote into .vidmesh"

env: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	@$(PYTHON) -c 'import ensurepip' || { echo "Python comes without ensurepip: install python3-venv" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '$(UV)'
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

demo: $(STAMP) pages
	$(BIN)/vidmesh demo $(FILE)

node: $(NODE_STAMP)

$(NODE_STAMP): package.json package-lock.json clients/ts/package.json web/package.json
	@command -v node >/dev/null || { echo "This $(NO_NODE)." >&2; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(PAGES): $(NODE_STAMP) $(PAGES_FROM)
	npm run --silent build -w clients/ts
	npm run --silent build -w web
	@touch $@

# What else is there does not wait for pages that cannot be built.
pages:
ifeq ($(NODE),)
	@echo "The pages are left out: building them $(NO_NODE)."
else
	@$(MAKE) --no-print-directory $(PAGES) || echo "The pages are left out: they could not be built."
endif

web: $(STAMP) $(PAGES)
	@if $(BIN)/vidmesh status >/dev/null 2>&1; then $(BIN)/vidmesh web publish; \
	  else echo "The pages are built: vidmesh up shows them."; fi

test-web: $(NODE_STAMP)
	npm run --silent build -w clients/ts
	npm run --silent test --workspaces --if-present

test: $(STAMP) $(if $(filter true,$(CI)),system)
	@mkdir -p $(dir $(REPORT))
	@status=0; $(BIN)/python -m pytest -m "not soak" -n $(JOBS) --dist loadfile --junitxml=$(REPORT) $(ARGS) || status=$$?; \
	  $(BIN)/python tests/gaps.py $(REPORT) || status=1; exit $$status

test-cassandra: $(STAMP)
	@mkdir -p $(dir $(CASSANDRA_REPORT)); rm -f $(CASSANDRA_REPORT)
	@status=0; $(BIN)/python -m mesh.testing.cassandra $(BIN)/python -m pytest $(CASSANDRA_TESTS) -m "not soak" -n $(JOBS) \
	    --dist loadfile --junitxml=$(CASSANDRA_REPORT) $(ARGS) || status=$$?; \
	  $(BIN)/python tests/gaps.py $(CASSANDRA_REPORT) || status=1; exit $$status

# What only the system's own packages bring. On a build machine alone: elsewhere the tests that need it are skipped.
system:
	@if command -v apt-get >/dev/null; then \
	  missing=; command -v strace >/dev/null || missing=strace; \
	  if command -v node >/dev/null && ! command -v chromium >/dev/null; then missing="$$missing chromium"; fi; \
	  if [ -n "$$missing" ]; then \
	    if [ "$$(id -u)" = 0 ]; then run=; else run=sudo; fi; \
	    $$run apt-get update -qq && $$run apt-get install -qq -y --no-install-recommends $$missing >/dev/null; fi; fi
	@if command -v go >/dev/null; then for tool in $(GRPCURL) $(GO_PLUGINS); do $(GO_INSTALL); done; fi

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/python protos/generate.py --check
	$(BIN)/python protos/typescript.py --check
	$(BIN)/python -m docs.generator --check

bench: $(STAMP)
	$(BIN)/python -m benchmarks --quick $(ARGS)

soak: $(STAMP)
	$(BIN)/python -m pytest -m soak --timeout=3600 $(ARGS)
	$(BIN)/python -m mesh.testing.cassandra $(BIN)/python -m pytest tests/e2e/tables -m soak --timeout=3600 $(ARGS)

generate: $(STAMP)
	$(BIN)/python protos/generate.py
	$(BIN)/python protos/typescript.py
	$(BIN)/python -m docs.generator

go: $(STAMP)
	@command -v go >/dev/null || { echo "This needs Go 1.24 or newer, which is not here." >&2; exit 1; }
	@for tool in $(GO_PLUGINS); do $(GO_INSTALL); done
	$(BIN)/buf generate --template clients/go/buf.gen.yaml

# Hashes only, no address of a registry: whoever installs uses their own.
lock: $(VENV)/bin/uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 \
	  --extra server --extra dev --no-emit-package vidmesh --custom-compile-command "make lock" \
	  pyproject.toml --output-file requirements.lock

sbom: $(STAMP)
	$(BIN)/python -m deploy.supply.sbom

audit: $(STAMP)
	$(BIN)/python -m deploy.supply.audit

$(VENV)/bin/uv:
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '$(UV)'

clean:
	@if [ -x $(BIN)/vidmesh ] && [ -d .vidmesh ]; then $(BIN)/vidmesh down || true; fi
	rm -rf $(VENV) .cache .vidmesh .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist
	rm -rf node_modules web/node_modules web/dist clients/ts/dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
