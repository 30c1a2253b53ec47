# make           the whole check, as CI runs it
# make help      what else there is
export CGO_ENABLED := 0
export GOFLAGS := -trimpath -buildvcs=false
export POSTURE_MOTO := $(CURDIR)/build/python/bin/moto_server
export POSTURE_PYTHON := $(CURDIR)/build/python/bin/python
export POSTURE_AZURITE := $(CURDIR)/build/node/node_modules/azurite/dist/src/blob/main.js

VERSION := $(shell git describe --tags --always 2>/dev/null || echo dev)
STAMP := -X posture/internal/setup.Version=$(VERSION)

FUNCTIONS := $(notdir $(patsubst %/main.go,%,$(wildcard functions/aws/*/main.go)))
# All that the functions are built from, with what is embedded.
SOURCES = $(shell git ls-files '*.go' go.mod go.sum internal rules ':!*/testdata/*')
# Packages whose tests run under the race detector: all that are concurrent and
# do not link a cloud's whole SDK, of which one test each has to do.
RACE := ./internal/audit ./internal/drift ./internal/outbox ./internal/policy ./internal/posture ./internal/slack ./internal/snapshot ./internal/store ./internal/weekly ./scanners ./scanners/network ./scanners/aws/engine ./scanners/gcp/engine ./scanners/azure/engine ./scanners/trouble ./internal/setup ./internal/cloud/azuresignin ./internal/cloud/federation ./scanners/answer ./scanners/odd ./scanners/packed ./scanners/logfilter

.PHONY: check help build test race demo lint fmt bench fuzz mutate scan lambda generate generated tidy template terraform gcp gcp-source azure vuln clean python node browser pictures
check: fmt tidy lint build generated test race template terraform lambda gcp gcp-source azure ## the whole check, as CI runs it

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Without them Google's clients call methods by name, which keeps the linker
# from leaving out any method of any SDK: 150 MB instead of 50.
CLI_TAGS := disable_grpc_modules,grpcnotrace
LAMBDA_TAGS := lambda.norpc,$(CLI_TAGS)
build: ## build/posture, the command line
	go build -tags $(CLI_TAGS) -ldflags='-s -w $(STAMP)' -o build/posture ./cmd/posture

demo: ## scan a sample of each cloud that is served in process: needs nothing but Go
	go run -tags $(CLI_TAGS) ./cmd/posture-demo

test: python node browser ## every test, against real parts, and a moment of fuzzing
	go test -timeout 30m ./...
	go -C scripts/azuremodels test .
	@$(MAKE) --no-print-directory fuzz FUZZTIME=2s FUZZED=internal/

race: node browser ## the concurrent packages under the race detector, and whole scans of all clouds
	CGO_ENABLED=1 go test -race $(RACE)
	CGO_ENABLED=1 go test -race -run '^(TestCalls|TestExamples)' ./scanners/aws/services ./internal/cloud/gcpcloud ./scanners/azure/services

bench: ## the benchmarks behind the figures in docs/benchmarks.md
	go test -run '^$$' -bench . -benchmem ./...

# With FUZZED=internal/, the targets that do not link a cloud's SDK, which
# fuzzing would compile once more.
FUZZTIME ?= 60s
FUZZED ?=
fuzz: ## every fuzz target for FUZZTIME (60s)
	@for file in $$(git grep -l '^func Fuzz' -- '$(FUZZED)*_test.go'); do \
	  for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p' $$file); do \
	    go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file) || exit 1; \
	  done; done

# Not part of the check: it takes half an hour. MUTATED=internal/config tries
# one package alone. It runs the tests once for each change, so with -short:
# the heaviest, most of them of internal/audit, try fewer cases then.
MUTATED ?= $(addprefix internal/,policy drift outbox config audit slack)
mutate: build/bin/gremlins ## whether the tests of the core notice what is changed in it: half an hour
	nice go -C scripts/mutate run . ../../build/bin/gremlins ../.. survivors.txt $(MUTATED)

build/bin/gremlins: scripts/mutate/go.mod scripts/mutate/go.sum
	go -C scripts/mutate build -o ../../$@ github.com/go-gremlins/gremlins/cmd/gremlins

scan: build ## scan the AWS account of the credentials in the environment
	build/posture scan aws

lint: build/bin/golangci-lint build/bin/actionlint ## the linters of .golangci.yml, and of the workflows
	build/bin/golangci-lint run ./...
	build/bin/actionlint -shellcheck= -pyflakes=

build/bin/golangci-lint: scripts/go.mod scripts/go.sum
	go -C scripts build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

build/bin/actionlint: scripts/actionlint/go.mod scripts/actionlint/go.sum
	go -C scripts/actionlint build -o ../../$@ github.com/rhysd/actionlint/cmd/actionlint

fmt: ## fail when a file is not formatted
	@out=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$out" ] || { echo "not formatted, run gofmt -w:"; echo "$$out"; exit 1; }

tidy: ## fail when go.mod is not tidy
	go mod tidy -diff

generate: build ## write again what is generated from the code
	build/posture permissions aws > infra/aws/scan-policy.json
	build/posture permissions aws --template template.yaml --write
	build/posture permissions aws --template infra/aws/member-role.yaml --write
	build/posture permissions azure > infra/azure/scan-role.json
	build/posture config schema > docs/posture.schema.json
	go run ./cmd/soc2map > docs/soc2-mapping.md
	go -C scripts/credentials run . > scanners/credential_forms_data.go.new && mv scanners/credential_forms_data.go.new scanners/credential_forms_data.go
	for cloud in aws gcp azure; do go run ./cmd/rulepages $$cloud > docs/$$cloud-rules.md || exit 1; done

generated: build ## fail when a generated file differs from what the code says
	build/posture permissions aws | diff -u infra/aws/scan-policy.json -
	build/posture permissions aws --template template.yaml
	build/posture permissions aws --template infra/aws/member-role.yaml
	build/posture permissions azure | diff -u infra/azure/scan-role.json -
	build/posture config schema | diff -u docs/posture.schema.json -
	go run ./cmd/soc2map | diff -u docs/soc2-mapping.md -
	go -C scripts/credentials run . | diff -u scanners/credential_forms_data.go -
	for cloud in aws gcp azure; do go run ./cmd/rulepages $$cloud | diff -u docs/$$cloud-rules.md - || exit 1; done

# What checkov asks for and the stack has not: concurrency kept free for one function
# (115), a queue for a function's own failures (116; alarms stand on them, and what
# was not started is kept), a VPC (117; it calls public APIs only), encrypted variables
# (173; they hold no secret), access logs of the bucket for access logs (18), and a key
# of ours for the queue (27; SQS has one).
SKIPPED := CKV_AWS_115,CKV_AWS_116,CKV_AWS_117,CKV_AWS_173,CKV_AWS_18,CKV_AWS_27
template: python node build/terraform/.ready ## lint what is deployed to AWS
	build/python/bin/cfn-lint template.yaml infra/aws/member-role.yaml
	build/terraform/bin/checkov --file template.yaml infra/aws/member-role.yaml --framework cloudformation --compact --quiet --skip-download --skip-check $(SKIPPED)
	build/python/bin/parliament --minimum_severity MEDIUM < infra/aws/scan-policy.json
	for machine in infra/aws/*.asl.json; do build/node/node_modules/.bin/asl-validator --json-path $$machine || exit 1; done

terraform: build/terraform/.ready ## the form of infra/gcp and infra/azure, and what checkov says of them
	go -C scripts/hclfmt run . ../../infra/gcp ../../infra/azure
	build/terraform/bin/checkov --directory infra/gcp --directory infra/azure --framework terraform --compact --quiet --skip-download

build/terraform/.ready: scripts/requirements-terraform.txt
	python3 -m venv build/terraform
	build/terraform/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

gcp-source: ## what infra/gcp deploys: build/gcp/posture.zip
	go -C scripts run ./gcpsource .. ../build/gcp/posture.zip

# What scripts/lean writes keeps the linker from keeping every method.
gcp: build/lean/go.mod ## the functions of Google Cloud as one program, for a container or to try them
	go build -modfile $< -tags $(CLI_TAGS) -ldflags='-s -w -buildid= $(STAMP)' -o build/gcp/posture ./functions/gcp
	go -C scripts run ./zip ../build/gcp/posture posture ../build/gcp/program.zip
	@$(call fits,build/gcp/program.zip)

build/lean/go.mod: go.mod go.sum scripts/lean/main.go
	go -C scripts run ./lean .. build/lean

azure: ## the functions of Azure, zipped for a function app: build/azure/posture.zip
	GOOS=linux GOARCH=amd64 go build -ldflags='-s -w -buildid= $(STAMP)' -o build/azure/posture ./functions/azure
	go -C scripts run ./zip ../build/azure/posture posture ../build/azure/posture.zip ../functions/azure/host
	@$(call fits,build/azure/posture.zip)

# The most bytes that a function's zip may have; more for those that link the
# clients of all AWS services that are read.
ZIPPED := 12582912
ZIPPED_AWS := 16777216
fits = for zip in $(1); do size=$$(wc -c <$$zip); limit=$(ZIPPED); echo "$$zip $$size bytes"; \
	  case $$zip in */plan.zip | */scan-aws.zip | */publish.zip) limit=$(ZIPPED_AWS);; esac; \
	  [ $$size -le $$limit ] || { echo "$$zip is larger than $$limit bytes: see TestLinked in internal/e2e"; exit 1; }; done
# The clients of AWS's SDK wait for the network: without inlining they take a tenth less.
LEAN := -gcflags='github.com/aws/aws-sdk-go-v2/...=-l'
lambda: $(FUNCTIONS:%=build/lambda/%.zip) ## the Lambda functions, zipped, arm64
	@$(call fits,$^)

build/lambda/%.zip: $(SOURCES) Makefile
	GOOS=linux GOARCH=arm64 go build -tags $(LAMBDA_TAGS) $(LEAN) -ldflags='-s -w -buildid= $(STAMP)' -o build/lambda/$*/bootstrap ./functions/aws/$*
	go -C scripts run ./zip ../build/lambda/$*/bootstrap bootstrap ../$@

vuln: ## known vulnerabilities of what we link; needs its database on the network
	go -C scripts run golang.org/x/vuln/cmd/govulncheck -C .. ./...

python: build/python/.ready ## the parts of the tests that come from PyPI
build/python/.ready: scripts/requirements.txt
	@command -v python3 >/dev/null || { echo "the tests need python3 with venv (Debian: apt-get install python3-venv), which was not found"; exit 1; }
	python3 -m venv build/python || { echo "python3 cannot make a virtual environment (Debian: apt-get install python3-venv)"; exit 1; }
	build/python/bin/pip install --quiet --disable-pip-version-check -r scripts/requirements.txt
	@touch $@

node: build/node/.ready ## the parts of the tests that come from npm
build/node/.ready: scripts/package.json scripts/package-lock.json
	@command -v npm >/dev/null || { echo "the tests need Node.js with npm (Debian: apt-get install npm), which was not found"; exit 1; }
	mkdir -p build/node
	cp scripts/package.json scripts/package-lock.json build/node/
	npm ci --prefix build/node --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

browser: ## the browser of the tests, from Debian where it is missing
	@command -v $${POSTURE_CHROMIUM:-chromium} >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
	  { echo "the tests need Chromium (Debian: apt-get install chromium; POSTURE_CHROMIUM may name another)"; exit 1; }

# Not part of the check: the weekly page has the date of the day.
SHOOT = $${POSTURE_CHROMIUM:-chromium} --headless --no-sandbox --hide-scrollbars
pictures: build browser ## the pictures of README.md
	rm -rf build/pictures && mkdir -p build/pictures docs/images
	NO_COLOR=1 build/posture demo --blocks --store build/pictures/store >build/pictures/demo.txt
	go -C scripts run ./slackhtml <build/pictures/demo.txt >build/pictures/slack.html
	build/posture weekly --week $$(date -u +%G-W%V) --store build/pictures/store --out build/pictures/weekly.html
	$(SHOOT) --window-size=760,460 --screenshot=docs/images/slack.png build/pictures/slack.html 2>/dev/null
	$(SHOOT) --window-size=1100,1200 --screenshot=build/pictures/light.png build/pictures/weekly.html 2>/dev/null
	$(SHOOT) --window-size=1100,1200 --blink-settings=preferredColorScheme=0 --screenshot=build/pictures/dark.png build/pictures/weekly.html 2>/dev/null
	go -C scripts run ./pictures ../build/pictures/light.png ../docs/images/weekly.png 1200
	go -C scripts run ./pictures ../build/pictures/dark.png ../docs/images/weekly-dark.png 1200

clean: ## remove build/
	rm -rf build
