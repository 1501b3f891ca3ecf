# SPDX-License-Identifier: Apache-2.0
"""The residual U-Net's training step in Keras 3, as its example writes it; on the backend that KERAS_BACKEND names."""
import math
import os

import numpy


def network(keras):
    layers = keras.layers

    def block(x, width):
        shortcut = x if x.shape[3] == width else layers.Conv2D(width, 1)(x)
        x = layers.BatchNormalization(center=False, scale=False)(x)
        x = layers.Conv2D(width, 3, padding="same", activation="swish")(x)
        return layers.Add()([layers.Conv2D(width, 3, padding="same")(x), shortcut])

    frequencies = numpy.exp(numpy.linspace(math.log(1.0), math.log(1000.0), 16)).astype("float32")
    noisy, variances = keras.Input((64, 64, 3)), keras.Input((1, 1, 1))
    angles = layers.Lambda(lambda v: keras.ops.concatenate(
        [keras.ops.sin(2 * math.pi * v * frequencies), keras.ops.cos(2 * math.pi * v * frequencies)], 3), output_shape=(1, 1, 32))(variances)
    x = layers.Concatenate()([layers.Conv2D(32, 1)(noisy), layers.UpSampling2D(64)(angles)])
    skips = []
    for width in (32, 64, 96):
        for _ in range(2):
            x = block(x, width)
            skips.append(x)
        x = layers.AveragePooling2D(2)(x)
    for _ in range(2):
        x = block(x, 128)
    for width in (96, 64, 32):
        x = layers.UpSampling2D(2, interpolation="bilinear")(x)
        for _ in range(2):
            x = block(layers.Concatenate()([x, skips.pop()]), width)
    return keras.Model([noisy, variances], layers.Conv2D(3, 1, kernel_initializer="zeros")(x))


def steps(backend, images):
    """A function that makes that many updates and returns the last loss."""
    os.environ["KERAS_BACKEND"] = backend
    import keras
    model = network(keras)
    model.compile(keras.optimizers.AdamW(1e-3, weight_decay=1e-4), keras.losses.MeanAbsoluteError(), jit_compile=True if backend == "jax" else "auto")
    pictures = images.permute(0, 2, 3, 1).numpy()
    random = numpy.random.default_rng(0)
    start, end = math.acos(0.95), math.acos(0.02)

    def batch():
        clean = pictures[random.integers(len(pictures), size=64)]
        noise = random.standard_normal(clean.shape, dtype="float32")
        angle = (start + random.random((64, 1, 1, 1)) * (end - start)).astype("float32")
        return [numpy.cos(angle) * clean + numpy.sin(angle) * noise, numpy.sin(angle) ** 2], noise

    def run(count):
        for _ in range(count):
            loss = model.train_on_batch(*batch())
        return float(numpy.ravel(loss)[0])

    return run
