"""Whose tracings and compilations are observed in this process, and why none are where none are.

Only TensorFlow's are. A count of 0 would be wrong where another framework does the work, and means nothing where none
is there that traces.
"""

import sys
from collections.abc import Iterable

OTHERS = {"jax": "JAX", "torch": "PyTorch", "paddle": "PaddlePaddle", "numba": "Numba"}
"""Frameworks that trace or compile too, by module."""
NOTHING_TRACES = "no framework that traces or compiles was loaded"
ONLY_TENSORFLOWS = "only TensorFlow's are observed"


def unobserved(tensorflow_traced: bool) -> dict[str, str]:
    """What of tracings and compilations is not observed, and why: of all or, where TensorFlow works beside other
    frameworks, of those. `tensorflow_traced` says whether it has traced anything so far."""
    others = [name for module, name in OTHERS.items() if module in sys.modules]
    if "tensorflow" not in sys.modules:
        return _both(f"those of {_listed(others)} are not observed" if others else NOTHING_TRACES)
    if not _jax_computes():  # TensorFlow and Keras import it wherever it is installed
        others = [name for name in others if name != OTHERS["jax"]]
    if not others:
        return {}
    if tensorflow_traced:
        return {f"traces and compilations of {_listed(others)}": ONLY_TENSORFLOWS}
    return _both(f"those of {_listed(others)} are not observed, and TensorFlow, which is loaded too, traced nothing")


def _both(why: str) -> dict[str, str]:
    return {"traces": why, "compilations": why}


def _jax_computes() -> bool:
    """Whether JAX has begun to compute, as far as it tells: it is imported by many who never use it."""
    bridge = sys.modules.get("jax._src.xla_bridge")
    return bool(getattr(bridge, "_backends", True)) and "jax" in sys.modules


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
