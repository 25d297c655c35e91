# Copyright The Fermata Authors
# SPDX-License-Identifier: Apache-2.0
.DEFAULT_GOAL := help
.PHONY: help tools demo agent-demo spring-demo test bench mutate fuzz dist lint format clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

tools:
	@scripts/check-tools

demo: tools ## triage 3,708 reviews on Flink and on a plain loop (ENGINE=loop INPUT=file STRATEGY=inline ...)
	@scripts/demo

agent-demo: tools ## the same triage by an agent of Flink Agents with the drop-in (DROP_IN=off: without)
	@EXAMPLE=agent scripts/demo

spring-demo: tools ## a web application whose endpoint fans out to slow calls, asked by itself (KEEP=1: stays)
	@scripts/spring-demo

test: tools ## run every test; one class on one JDK: make test JDK=25 TEST=PackedJarTest
	@JDK=$(JDK) TEST=$(TEST) scripts/test

bench: tools ## run the benchmarks beside their peers
	@scripts/bench

mutate: tools ## break each invariant on purpose and see its test fail (ONLY=part-of-a-name)
	@ONLY=$(ONLY) scripts/mutate

fuzz: tools ## feed the parser of server-sent events with what a fuzzer makes up (LIMIT=60 seconds)
	@LIMIT=$(LIMIT) scripts/fuzz

dist: tools ## build the jars with the library for Linux with glibc 2.17 or newer
	@scripts/maven --quiet package --projects java/native,java/durable,java/flink-agents,java/flink,java/spring,java/spring-boot-starter --also-make -Dnative.mode=dist
	@mkdir -p target/jars
	@for module in native runtime durable flink-mailbox flink-agents flink spring spring-boot-starter; do cp java/$$module/target/fermata*.jar target/jars; done
	@ls -l target/jars

lint: tools ## check formats, warnings, jars and scripts
	@scripts/lint

format: tools ## format all Rust and Java sources
	@cargo fmt --all
	@scripts/maven --quiet --non-recursive spotless:apply

clean: ## remove what was built; fetched runtimes stay in .cache
	@rm -rf target java/*/target tests/target tests/*/target benches/*/target gradle/*/target
