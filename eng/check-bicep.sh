#!/usr/bin/env bash
# Compiles infra/bicep and all of its parameter files, and checks what they come to: no diagnostics, current stable API versions,
# no secrets in parameters or outputs, and files as the formatter writes them. Changes nothing.
# The compiler is $BICEP, bicep in PATH, the one that the tests restore, or the Azure CLI's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The stable version of this type is of 2016 and knows no groups of categories; Azure's own documentation uses this one.
readonly only_preview='Microsoft.Insights/diagnosticSettings@2021-05-01-preview'

restored() {
  local packages=${NUGET_PACKAGES:-$HOME/.nuget/packages} version
  version=$(sed -n 's/.*Include="Azure.Bicep.CommandLine.linux-x64" Version="\([^"]*\)".*/\1/p' Directory.Packages.props)
  printf '%s/azure.bicep.commandline.linux-x64/%s/tools/bicep' "$packages" "$version"
}

if [ -n "${BICEP:-}" ]; then
  compiler=("$BICEP")
elif command -v bicep >/dev/null; then
  compiler=(bicep)
elif [ -x "$(restored)" ]; then
  compiler=("$(restored)")
elif command -v az >/dev/null; then
  az bicep install
  compiler=(az bicep)
else
  echo 'check-bicep.sh: no Bicep compiler: set BICEP, install bicep or the Azure CLI, or run dotnet restore' >&2
  exit 69
fi
command -v jq >/dev/null || { echo 'check-bicep.sh: jq is missing' >&2; exit 69; }

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
failures=0
fail() {
  printf 'FAILED %s\n' "$*" >&2
  failures=$((failures + 1))
}

# The Azure CLI takes the file as an option.
build() { if [ "${compiler[0]}" = az ]; then az bicep build --file "$1" --outfile "$2"; else "${compiler[@]}" build "$1" --outfile "$2"; fi; }
build_parameters() {
  if [ "${compiler[0]}" = az ]; then az bicep build-params --file "$1" --outfile "$2"; else "${compiler[@]}" build-params "$1" --outfile "$2"; fi
}
format() { if [ "${compiler[0]}" = az ]; then az bicep format --file "$1" --stdout; else "${compiler[@]}" format "$1" --stdout; fi; }

# usage: compile COMMAND FILE
compile() {
  local command=$1 file=$2 output
  if ! output=$("$command" "$file" "$directory/$(basename "$file").json" 2>&1); then
    fail "$file does not compile"
  fi
  output=$(grep -E ' : (Error|Warning|Info) ' <<<"$output" | grep -vF "${only_preview#*@}' is" || true)
  if [ -n "$output" ]; then
    printf '%s\n' "$output" >&2
    fail "$file has diagnostics"
  fi
}

compile build infra/bicep/main.bicep
for file in infra/bicep/parameters/*.bicepparam; do
  compile build_parameters "$file"
done
AZURE_ENV_NAME=check AZURE_LOCATION=westeurope compile build_parameters infra/bicep/main.bicepparam

template=$directory/main.bicep.json
if [ -f "$template" ]; then
  previews=$(jq -r '.. | objects | select(has("type") and has("apiVersion")) | "\(.type)@\(.apiVersion)"' "$template" |
    sort -u | grep -i preview | grep -vxF "$only_preview" || true)
  [ -z "$previews" ] || fail "preview API versions: $previews"

  secure=$(jq -r '.. | .parameters? // empty | objects | to_entries[] | select(.value.type? | tostring | test("^secure"; "i")) | .key' "$template" | sort -u)
  [ -z "$secure" ] || fail "secret parameters: $secure"

  outputs=$(jq -r '.. | .outputs? // empty | objects | to_entries[] | select((.key + (.value.value? | tostring)) | test("list[A-Z][A-Za-z]*\\(|AccountKey=|SharedAccess|password|\\.keys\\["; "i")) | .key' "$template" | sort -u)
  [ -z "$outputs" ] || fail "secrets in outputs: $outputs"
fi

while IFS= read -r file; do
  format "$file" | cmp --silent - "$file" || fail "$file is not as 'bicep format' writes it"
done < <(find infra/bicep -name '*.bicep' -o -name '*.bicepparam' | sort)

[ "$failures" -eq 0 ] && echo "infra/bicep: $("${compiler[@]}" --version 2>/dev/null | head -n 1 || true) finds nothing to complain about"
[ "$failures" -eq 0 ]
