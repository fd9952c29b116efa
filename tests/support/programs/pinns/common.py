"""What the same PINN has in common in all frameworks: its points, its first weights and how it is trained."""

import numpy as np

EPOCHS, RATE, WIDTH = 60, 0.02, 16
_random = np.random.default_rng(0)
POINTS = np.linspace(1.0, 2.0, 32, dtype=np.float32)[:, None]
WEIGHTS = [
    _random.normal(size=size).astype(np.float32) / np.sqrt(size[0], dtype=np.float32)
    for size in ((1, WIDTH), (WIDTH, WIDTH), (WIDTH, 1))
]
