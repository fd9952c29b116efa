#!/usr/bin/env bash
# Measures all that this folder's page is made from: about two hours on two cores, and 20 GB of memory at paper scale.
# Run again, it goes on where it was cut off; with names of runs it does those alone.
set -eu
cd "$(dirname "$0")"

measure() { # NAME COMMAND ARGUMENTS...
    local name=$1 command=$2
    shift 2
    if [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" $name "* ]]; then
        return
    fi
    echo "== $name: harness $command $*"
    if [ ! -e "$name/run.jsonl" ]; then
        harness "$command" "$@" --claims claims.toml --out "$name" --json "$name.json"
    elif ! tail -n 1 "$name/run.jsonl" | grep -q '"line":"footer".*"status":"complete"'; then
        harness "$command" --resume "$name" --claims claims.toml --json "$name.json"
    fi
}

wanted=("$@")
measure surgical ablate --from original --to surgical --scale laptop
measure fast ablate --from original --to fast --scale laptop
measure trainings converge original moments surgical coarse-grid fast tuned --scale laptop --target misplaced_mass=0.1
measure published converge fast tuned --scale paper --target misplaced_mass=0.01
measure costs compare original moments batched capped-rar cached-weights surgical coarse-grid sound-rar r3 recompute \
    lazy-physics shared-times fast tuned --scale paper --epochs 6 --blocks 3
