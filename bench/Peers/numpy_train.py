"""Trains the same network as Backprop with NumPy alone, in double precision, one thread.

Two forms: the columns of a mini-batch as one matrix, or one example after the other as textbooks write backpropagation.
Prints one JSON line: examples a second over the steps, evaluation and start-up left out.
"""
import argparse
import gzip
import json
import os
import struct
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

RATE = 0.1


def read_idx(path):
    with gzip.open(path, "rb") as file:
        magic = struct.unpack(">I", file.read(4))[0]
        shape = struct.unpack(">" + "I" * (magic & 0xFF), file.read(4 * (magic & 0xFF)))
        return np.frombuffer(file.read(), dtype=np.uint8).reshape(shape)


def gradient(weights, biases, x, y):
    """Sums of BP3 and BP4 over the columns of x; relu within, softmax and log-likelihood at the end."""
    activations = [x]
    for layer, (w, b) in enumerate(zip(weights, biases)):
        z = w @ activations[-1] + b
        if layer < len(weights) - 1:
            activations.append(np.maximum(z, 0))
        else:
            e = np.exp(z - z.max(axis=0))
            activations.append(e / e.sum(axis=0))
    error = activations[-1] - y
    sums = [None] * len(weights)
    for layer in range(len(weights) - 1, -1, -1):
        sums[layer] = (error @ activations[layer].T, error.sum(axis=1, keepdims=True))
        if layer > 0:
            error = (weights[layer].T @ error) * (activations[layer] > 0)
    return sums


def step(weights, biases, x, y, form):
    if form == "matrix":
        sums = gradient(weights, biases, x, y)
    else:
        sums = [(np.zeros_like(w), np.zeros_like(b)) for w, b in zip(weights, biases)]
        for column in range(x.shape[1]):
            one = gradient(weights, biases, x[:, column:column + 1], y[:, column:column + 1])
            for (w, b), (dw, db) in zip(sums, one):
                w += dw
                b += db
    for layer, (dw, db) in enumerate(sums):
        weights[layer] -= RATE / x.shape[1] * dw
        biases[layer] -= RATE / x.shape[1] * db


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--layers", required=True)
    parser.add_argument("--mini-batch", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--form", choices=["matrix", "example"], required=True)
    options = parser.parse_args()
    images = read_idx(os.path.join(options.data, "train-images-idx3-ubyte.gz"))
    labels = read_idx(os.path.join(options.data, "train-labels-idx1-ubyte.gz"))
    x = images.reshape(len(images), -1) / 255.0
    y = np.eye(10)[labels]
    sizes = [int(size) for size in options.layers.split("-")]
    random = np.random.default_rng(1)
    weights = [random.standard_normal((rows, columns)) / np.sqrt(columns) for columns, rows in zip(sizes, sizes[1:])]
    biases = [np.zeros((rows, 1)) for rows in sizes[1:]]
    warm = options.steps // 10
    order, first, start = random.permutation(len(x)), 0, time.perf_counter()
    for done in range(options.steps + warm):
        if done == warm:
            start = time.perf_counter()
        if first + options.mini_batch > len(x):
            order, first = random.permutation(len(x)), 0
        mine = order[first:first + options.mini_batch]
        first += options.mini_batch
        step(weights, biases, x[mine].T, y[mine].T, options.form)
    seconds = time.perf_counter() - start
    print(json.dumps({"examples_per_second": options.steps * options.mini_batch / seconds, "numpy": np.__version__}))


if __name__ == "__main__":
    main()
