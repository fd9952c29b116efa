"""The environment variables that decide what a program computes: written down with every arm."""

DECIDE_RESULTS = (
    *("KERAS_BACKEND", "DDE_BACKEND", "TF_USE_LEGACY_KERAS"),
    *("JAX_ENABLE_X64", "JAX_PLATFORMS", "JAX_DEFAULT_MATMUL_PRECISION"),
    *("TF_ENABLE_ONEDNN_OPTS", "TF_DETERMINISTIC_OPS", "TF_XLA_FLAGS", "XLA_FLAGS", "NVIDIA_TF32_OVERRIDE"),
)
