# What a person types here; each target installs what it needs (Scripts/setup.sh says what).

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz bench docs format clean

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 16

demo: ## build and run three nodes on localhost:5001, :5002 and :5003; Ctrl-C ends them
	@Scripts/setup.sh test
	swift build -c release --product marble
	@exec .build/release/marble demo $(ARGS)

test: ## format check, unit tests, simulator, end-to-end tests
	@Scripts/test.sh

fuzz: ## feed every door hostile bytes, each for DURATION=60 seconds (NAME=arrow-stream: only that)
	@Scripts/setup.sh build
	@DURATION=$(or $(DURATION),60) Scripts/fuzz.sh $(NAME)

bench: ## measure against C++ Arrow Flight, plain TCP and etcd (NAME=arrow, flight, tls, tcp, memory, commit or latency: only that)
	@Scripts/setup.sh bench
	swift build -c release
	@.venv/bin/python Benchmarks/run.py $(NAME)

docs: ## make the documentation of the libraries
	@Scripts/setup.sh build
	@Scripts/docs.sh

format: ## format the Swift code
	@Scripts/format.sh

clean: ## remove builds, results and the Python environment
	rm -rf .build Fuzz/.build .venv bench-results
