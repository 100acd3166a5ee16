#!/bin/bash
# Proves that the simulation of fault histories can fail: plants each bug of bench/planted-bugs into the scheduler and has
# the simulation look for it. Prints `NAME: found at seed N: MESSAGE` or `NAME: NOT FOUND`; exit code 1 if one is not found.
#   bench/planted-bugs.sh [PART-OF-A-NAME]...    only those; BACKPROP_HISTORIES=COUNT plays another number of histories than 10000
set -euo pipefail
cd "$(dirname "$0")/.."
checkout=$PWD
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
export BACKPROP_HISTORIES=${BACKPROP_HISTORIES:-10000}
unset BACKPROP_HISTORY

# One copy serves all, so that a bug costs the build of one project: before each the scheduler's sources are put back.
git ls-files -z | xargs -0 cp --parents -t "$copy"
restore_scheduler() {
    rm -rf "$copy/src/Scheduling"
    (cd "$checkout" && git ls-files -z src/Scheduling | xargs -0 cp --parents -t "$copy")
}

# A planted bug may leave a variable unused: no reason not to build.
build() {
    dotnet build "$copy/tests/Scheduling.Tests" -c Release --nologo -v quiet \
        -p:TreatWarningsAsErrors=false -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false > "$copy/build.log" 2>&1
}

# The first line that names a seed, without the command that replays it; empty where every promise was kept.
play() {
    dotnet "$copy/artifacts/bin/Scheduling.Tests/release/Backprop.Scheduling.Tests.dll" -noColor -class "*FaultHistoryTests" > "$copy/play.log" 2>&1 || true
    sed -n 's/^ *Seed \([0-9]*\): \(.*\) Replay: .*/found at seed \1: \2/p' "$copy/play.log" | head -n 1
}

build || { cat "$copy/build.log"; exit 1; }
found=$(play)
if [ -n "$found" ] || ! grep -q 'Total: 2, Errors: 0, Failed: 0,' "$copy/play.log"; then
    echo "No bug is planted, and the simulation fails: ${found:-see below}"
    tail -n 20 "$copy/play.log"
    exit 1
fi

failed=0
for bug in bench/planted-bugs/*.patch; do
    name=$(basename "$bug" .patch)
    wanted=$#
    for part in "$@"; do
        [[ $name != *$part* ]] || wanted=0
    done
    [ "$wanted" -eq 0 ] || continue

    restore_scheduler
    if ! patch --silent --strip=1 --directory="$copy" < "$bug" > "$copy/patch.log" 2>&1; then
        echo "$name: DOES NOT APPLY: $(head -n 1 "$copy/patch.log")"
        failed=1
    elif ! build; then
        echo "$name: DOES NOT BUILD: $(grep -m 1 error "$copy/build.log" || true)"
        failed=1
    else
        found=$(play)
        echo "$name: ${found:-NOT FOUND}"
        [ -n "$found" ] || failed=1
    fi
done
exit $failed
