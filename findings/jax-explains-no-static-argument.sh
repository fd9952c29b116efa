#!/usr/bin/env bash
# JAX no longer says that a static argument made it trace again, though it is asked to explain its cache misses.
#
# Versions: jax 0.12.0.1 and jaxlib 0.12.0.1; for comparison jax 0.10.2 and jaxlib 0.10.2. NumPy 2.4.6, Python 3.12 or
# later, which jax 0.12 needs.
#
# Behaviour: with `jax_explain_cache_misses`, a function that is traced again because a static argument has another value
# is logged with "cache miss explanation unavailable". The value is named neither for a position (static_argnums) nor for
# a name (static_argnames). A new shape is explained as ever. JAX 0.10.2 names the argument and both values.
#
# Expected: the argument and its values, as in 0.10.2.
#
# Why it matters: a Python number that changes in each step, passed as a static argument, is the usual cause of a training
# that compiles in every epoch. What reads the cause from this log, as profilers do, finds none for exactly this fault.
set -eu

find_python() {
    for python in "${PYTHON:-python3}" python3.14 python3.13 python3.12 "$HOME"/.pyenv/versions/3.1[2-9]*/bin/python3; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    echo "could not install: this needs Python 3.12 or later, named by PYTHON" >&2
    exit 2
}

python=$(find_python)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export JAX_PLATFORMS=cpu HOME="$folder"

cat >trace.py <<'PYTHON'
import logging

import jax
import jax.numpy as jnp

messages = []


class Keep(logging.Handler):
    def emit(self, record):
        messages.append(record.getMessage())


logging.getLogger("jax").addHandler(Keep())
jax.config.update("jax_explain_cache_misses", True)


def told(call, *both):
    """What is logged when `call` runs again, now with the second of these arguments."""
    call(both[0])
    messages.clear()
    call(both[1])
    return messages[-1].splitlines()[-1].strip()


x = jnp.ones(3)
by_position = jax.jit(lambda x, rate: x * rate, static_argnums=1)
by_name = jax.jit(lambda x, mode: x + len(mode), static_argnames="mode")
by_shape = jax.jit(lambda x: x + 1)
print(f"jax {jax.__version__}")
print("  position:", told(lambda rate: by_position(x, rate), 0.1, 0.2))
print("  name:    ", told(lambda mode: by_name(x, mode=mode), "data", "full"))
print("  shape:   ", told(by_shape, x, jnp.ones(4)))
PYTHON

for version in 0.10.2 0.12.0.1; do
    "$python" -m venv "venv-$version"
    "venv-$version/bin/python" -m pip install -qq "jax==$version" "jaxlib==$version" numpy==2.4.6 ||
        { echo "could not install" >&2; exit 2; }
    "venv-$version/bin/python" -I trace.py 2>errors >"$version.txt" || { cat errors >&2; exit 1; }
    cat "$version.txt"
done

changed() {
    echo "CHANGED: $1" >&2
    exit 1
}
grep -q "position:.*0\.2.*0\.1" 0.10.2.txt || changed "expected jax 0.10.2 to name both values of a position"
grep -q "name:.*full.*data" 0.10.2.txt || changed "expected jax 0.10.2 to name both values of a name"
[ "$(grep -c "explanation unavailable" 0.12.0.1.txt)" = 2 ] ||
    changed "expected jax 0.12.0.1 to explain neither"
grep -q "shape:.*f32\[4\].*f32\[3\]" 0.12.0.1.txt || changed "expected jax 0.12.0.1 to explain a new shape"
