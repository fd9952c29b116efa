#!/usr/bin/env bash
# Measures all that this folder's page is made from: an hour and three quarters on two cores with 24 GB of memory.
#
#     reports/breakage/reproduce.sh DIRECTORY [RUN...]
#
# Each run gets a folder below DIRECTORY. Started again, it goes on where it was cut off; with names it does these runs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
shift
wanted=" $* "
mkdir -p "$out"

measure() { # RUN COMMAND ARGUMENTS...
    local run="$out/$1" command=$2
    if [ "$wanted" != "  " ] && [[ "$wanted" != *" $1 "* ]]; then
        return
    fi
    shift 2
    echo "== $run: harness $command $*"
    if [ ! -e "$run/run.jsonl" ]; then
        harness "$command" "$@" --out "$run"
    elif ! tail -n 1 "$run/run.jsonl" | grep -q '"status":"complete"'; then
        harness "$command" --resume "$run"
    fi
}

claims() { # RUN: what the notes claim, held against it
    if [ "$wanted" = "  " ] || [[ "$wanted" == *" $1 "* ]]; then
        harness report "$out/$1" --claims "$here/claims.toml"
    fi
}

measure surgical ablate --from original --to surgical --scale laptop
claims surgical
measure fast ablate --from original --to fast --scale laptop
measure trainings converge original moments surgical coarse-grid fast tuned --scale laptop --target misplaced_mass=0.1
claims trainings
measure published converge fast tuned --scale paper --target misplaced_mass=0.01
# Beside fast, which is small: memory does not hold two batches of the original's size at once.
measure costs compare fast original moments batched capped-rar cached-weights surgical coarse-grid sound-rar r3 \
    recompute lazy-physics shared-times tuned --scale paper --epochs 6 --blocks 3
claims costs
