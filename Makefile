# One verb a line; `make` lists them. Everything a verb needs, it installs or builds itself.

SEEDS ?= 1000
FOR   ?= 60s
BUDGET ?= 60m
ADDR  ?= localhost:9092
LAB   := bin/trialog-lab
NODE  := bin/trialog
TOOL  := go tool -modfile=.ci/tools.mod

.PHONY: list run test check sim soak race fuzz local interop differential bench power rewrite cover build release

list:     ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

run:      ## a node on localhost:9092, data in ./trialog-data
	go run ./cmd/trialog serve

test:     ## every test of the main module
	go test ./...

check: build ## format, vet, lint, house rules
	.ci/check

sim: build ## SEEDS fresh seeds of every scenario in simulation
	$(LAB) run --seeds $(SEEDS)

soak: build ## fifty minutes of real clusters and of groups on them: kills, pauses, cuts, restarts, power cuts; into results/soak.md
	.ci/soak

race:     ## tests of the drivers and the core under the race detector
	go test -race -short ./node/... ./core/... ./sim/... ./checker/... ./scenarios/...

fuzz:     ## every fuzz target for FOR (default 60s) each
	.ci/fuzz $(FOR)

local: build ## the scenarios on real processes of this machine: kill -9, pauses, cuts, power cuts
	$(LAB) run --on local --for 3m

interop: build ## unmodified foreign clients against a real node; installs them
	scenarios/interop/install bin/interop
	cd scenarios/interop && TRIALOG_BIN=$(CURDIR)/$(NODE) TRIALOG_CLIENTS=$(CURDIR)/bin/interop go test -count=1 -timeout 30m ./...

differential: build ## the same random traces of group requests to Apache Kafka, ours and kfake (TRIALOG_TRACES=, TRIALOG_STEPS=, TRIALOG_SEED=)
	scenarios/interop/install bin/interop
	cd scenarios/bench && TRIALOG_BIN=$(CURDIR)/$(NODE) TRIALOG_CLIENTS=$(CURDIR)/bin/interop go test -count=1 -v -timeout 60m ./differential

bench: build ## benchmarks into results/bench.txt; docs/BENCHMARKS.md explains them
	.ci/bench

power: build ## re-introduce the known bugs one by one and count what finds them; into docs/POWER.md
	$(LAB) power --budget $(BUDGET) --clean 10m --ablations 10 --generated 500 --checkers --tapes results/tapes --page docs/POWER.md

rewrite:  ## rewrite golden files; read the diff before committing it
	go test $$(grep -rlF 'flag.Bool("rewrite"' --include='*_test.go' . | xargs -n1 dirname | sort -u) -run Golden -rewrite

cover: build ## statements of core executed by simulation
	.ci/cover

build:    ## both binaries into bin/, static
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -o $(NODE) ./cmd/trialog
	CGO_ENABLED=0 go build -trimpath -o $(LAB) ./cmd/trialog-lab
	CGO_ENABLED=0 go build -trimpath -o bin/trialog-powercut ./node/powercut/drive

release:  ## static archives for linux/amd64 and linux/arm64 with checksums, into bin/release
	.ci/release
