import json
import os
import subprocess
import sys
from textwrap import dedent

import pytest

from harness.plan.plan import usable_cores
from harness.worker.frameworks import thread_variables

CORES = usable_cores()


def in_a_fresh_process(code, **variables):
    """What `code` prints as JSON, in a process whose affinity, environment and seeds are its own."""
    code = "import json, os, sys\nfrom harness.worker import environment\n" + dedent(code)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "OMP_", "XLA_"))}
    env = inherited | {"PYTHONHASHSEED": "0"} | variables
    child = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=env)
    return json.loads(child.stdout)


def test_a_prepared_process_uses_its_cores_and_thread_count():
    cores, facts, variables = in_a_fresh_process(
        f"""
        facts = environment.prepare({CORES[-1:]}, 7)
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else {CORES[-1:]}
        print(json.dumps([cores, facts, dict(os.environ)]))
        """,
        OMP_NUM_THREADS="64",
    )
    assert cores == CORES[-1:]
    assert facts == {"cores": str(CORES[-1]), "PYTHONHASHSEED": "0"} | dict.fromkeys(thread_variables(), "1")
    assert {name: variables[name] for name in thread_variables()} == dict.fromkeys(thread_variables(), "1")


def test_other_settings_that_affect_speed_are_recorded_and_unchanged():
    set_by_user = {"TF_ENABLE_ONEDNN_OPTS": "0", "XLA_FLAGS": "--xla_cpu_enable_fast_math=false"}
    set_by_user |= {"KERAS_BACKEND": "jax", "DDE_BACKEND": "pytorch", "JAX_ENABLE_X64": "1"}
    facts, after = in_a_fresh_process(
        f"print(json.dumps([environment.prepare({CORES}, 0), {{n: os.environ[n] for n in {list(set_by_user)}}}]))",
        **set_by_user,
    )
    assert facts.items() >= set_by_user.items()
    assert after == set_by_user
    assert facts["cores"] == ",".join(map(str, CORES))
    assert facts["OMP_NUM_THREADS"] == str(len(CORES))


def test_python_random_follows_the_seed():
    draw = "import random; environment.prepare({}, {}); print(random.random())"
    first, again, other = (in_a_fresh_process(draw.format(CORES, seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_a_process_is_prepared_without_loading_any_framework():
    loaded, versions = in_a_fresh_process(
        f"""
        from harness.worker import libraries
        environment.prepare({CORES}, 1)
        print(json.dumps([[name for name in ("numpy", "tensorflow") if name in sys.modules], libraries.loaded()]))
        """
    )
    assert loaded == []
    assert versions == {}


ORPHAN = """
import os, subprocess, sys, time
child = '''
import os, sys, time
from harness.worker import environment
environment.die_with_parent(int(sys.argv[1]))
print("tied", flush=True)
time.sleep(30)
print("outlived its parent", flush=True)
'''
subprocess.Popen([sys.executable, "-c", child, str(os.getpid())])
{then}
"""


@pytest.mark.parametrize("then", ["time.sleep(60)", "sys.stdin.read(1); sys.exit()", "sys.stdin.read(1); os.abort()"])
def test_a_child_exits_with_its_parent(then):
    with subprocess.Popen(
        [sys.executable, "-c", ORPHAN.format(then=then)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout.readline() == "tied\n"
        if "stdin" in then:
            parent.stdin.write("x")
            parent.stdin.flush()
        else:
            parent.kill()
        # The child holds the other end of this pipe: it is read to its end only when the child has gone too.
        assert parent.stdout.read() == ""


def test_a_child_without_its_parent_exits_at_once():
    code = f"from harness.worker import environment; environment.die_with_parent({os.getpid() + 1}); print('alive')"
    child = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (child.returncode, child.stdout) == (1, "")
