#!/usr/bin/env bash
# Builds the programs of docker-compose.yml from their Go modules, for tests on machines that cannot pull images: the Collector (by
# its builder, with the components of otel-collector.yaml), Jaeger, Prometheus, promtool, VictoriaLogs, and the compose plugin of
# Docker, which checks docker-compose.yml. Needs Go; an older Go fetches the one that a module asks for.
#
# They are kept in ${XDG_CACHE_HOME:-~/.cache}/otel-token-budget, by version, and linked into .cache/pipeline, where the tests look.
# What is there already is not built again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The versions of the images in docker-compose.yml, as their modules name them; test/pipeline/compose.test.ts compares.
collector=v0.165.0
prometheus=v0.316.0                                         # 3.16.0
jaeger=v1.76.0                                              # 2.13.0: both are tags of one commit
victoria_logs=v1.51.1-0.20260624061259-dc94972a8708         # the commit after 1.51.0 that the module proxy serves
compose=v5.6.0

command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin
if ! command -v go >/dev/null; then
  echo "Go is missing: the programs of the pipeline are not built, and the tests that need them are skipped." >&2
  exit 3
fi

# Two at a time and nicely: the linker of one takes 2 GB, and others may be at work on the machine.
export GOFLAGS="-p=2 -buildvcs=false" CGO_ENABLED=0 GOWORK=off
cache=${XDG_CACHE_HOME:-$HOME/.cache}/otel-token-budget
links=$PWD/.cache/pipeline
builder_config=$PWD/scripts/pipeline/collector-builder.yaml
mkdir -p "$cache" "$links"

# link NAME FILE: puts a program where the tests look.
link() { ln -sfn "$2" "$links/$1"; }

# build NAME MODULE VERSION DIRECTORY [FLAG…]: builds a program within its own module, by the versions and checksums that this was released
# with; $with names a module to take in another version.
build() {
  local name=$1 module=$2 version=$3 directory=$4 program=$cache/$1-$3 scratch
  shift 4
  if [[ ! -x $program ]]; then
    echo "── $name $version"
    scratch=$(mktemp -d)
    (
      source=$(go mod download -json "$module@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
      cp -R "$source" "$scratch/source"
      chmod -R u+w "$scratch/source"
      cd "$scratch/source"
      if [[ -n ${with:-} ]]; then go get "$with"; fi
      nice -n 10 go build "$@" -ldflags '-s -w' -o "$program.new" "./$directory"
    ) >"$scratch/log" 2>&1 || { tail -n 20 "$scratch/log" >&2; return 1; }
    mv "$program.new" "$program"
    rm -rf "$scratch"
  fi
  link "$name" "$program"
}

build_collector() {
  local program scratch
  program=$cache/otelcol-$collector-$(sha256sum <"$builder_config" | cut -c1-12)
  if [[ ! -x $program ]]; then
    build ocb go.opentelemetry.io/collector/cmd/builder "$collector" .
    echo "── otelcol $collector"
    scratch=$(mktemp -d)
    (
      cd "$scratch"
      { sed "s|^dist:|&\n  output_path: $scratch/out|" "$builder_config"; } >builder.yaml
      nice -n 10 "$links/ocb" --config builder.yaml --ldflags '-s -w'
    ) >"$scratch/log" 2>&1 || { tail -n 20 "$scratch/log" >&2; return 1; }
    mv "$scratch/out/otelcol" "$program"
    rm -rf "$scratch"
  fi
  link otelcol "$program"
}

failed=()
build_collector || failed+=(otelcol)
# The release of its library that its module names is not served; a later one is.
with=github.com/VictoriaMetrics/VictoriaMetrics@v1.148.8 \
  build victoria-logs github.com/VictoriaMetrics/VictoriaLogs "$victoria_logs" app/victoria-logs || failed+=(victoria-logs)
# Without its ways to find targets in clouds: the pipeline uses none of them.
for program in prometheus promtool; do
  build $program github.com/prometheus/prometheus "$prometheus" cmd/$program -tags remove_all_sd || failed+=($program)
done
build jaeger github.com/jaegertracing/jaeger "$jaeger" cmd/jaeger || failed+=(jaeger)
build docker-compose github.com/docker/compose/v5 "$compose" cmd || failed+=(docker-compose)

if ((${#failed[@]} > 0)); then
  echo "Not built: ${failed[*]}. The tests that need them are skipped." >&2
  exit 4
fi
echo "The programs of the pipeline are in $links."
