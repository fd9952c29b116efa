"""Two stages of `fit`, as Keras users write them. The backend is that of KERAS_BACKEND."""

import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
y = np.sin(3 * x)
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)])
model.compile("adam", "mse")
first = model.fit(x, y, epochs=8, batch_size=32, validation_split=0.25, verbose=0)
model.compile(keras.optimizers.SGD(1e-3), "mse")
second = model.fit(x, y, epochs=4, batch_size=32, verbose=0)
print("losses:", *(repr(float(loss)) for loss in first.history["loss"] + second.history["loss"]))
