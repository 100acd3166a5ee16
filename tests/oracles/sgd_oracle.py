"""Trains in double precision from the same first weights, in the order of the file, and compares the weights.

    python3 sgd_oracle.py INIT.safetensors RUN_DIR DATA

INIT is what --init was given, RUN_DIR a run with --shuffle false, DATA what files.read_dataset takes.
Exit code 1: some weight differs by more than 1e-4 of the largest in its tensor.
"""
import json
import os
import sys

import numpy as np

from files import layers_of, read_dataset, read_safetensors

TOLERANCE = 1e-4


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


VALUE = {"sigmoid": sigmoid, "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "linear": lambda z: z, "softmax": softmax}
SLOPE = {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a * a, "relu": lambda a: (a > 0) * 1.0, "linear": np.ones_like}


def step(layers, functions, cost, x, y, rate):
    activations = [x]
    for (w, b), function in zip(layers, functions):
        activations.append(VALUE[function](activations[-1] @ w.T + b))
    delta = activations[-1] - y
    if cost == "quadratic":
        delta = delta * SLOPE[functions[-1]](activations[-1])
    for l in range(len(layers) - 1, -1, -1):
        w, b = layers[l]
        following = delta @ w * SLOPE[functions[l - 1]](activations[l]) if l > 0 else None
        layers[l] = (w - rate / len(x) * delta.T @ activations[l], b - rate / len(x) * delta.sum(axis=0))
        delta = following


def main(first, run, data):
    with open(os.path.join(run, "config.json")) as file:
        config = json.load(file)
    assert config["shuffle"] is False and config["optimizer"] == "sgd" and config["momentum"] == 0 and config["l2"] == 0
    (x, labels), _ = read_dataset(data)
    x = x.astype(np.float64)
    y = np.eye(labels.max() + 1)[labels]
    layers = [(w.astype(np.float64), b.astype(np.float64)) for w, b in layers_of(read_safetensors(first)[0])]
    functions = config["activations"].split(",")
    functions = functions * len(layers) if len(functions) == 1 else functions
    for _ in range(config["epochs"]):
        for k in range(0, len(x), config["mini_batch"]):
            step(layers, functions, config["cost"], x[k:k + config["mini_batch"]], y[k:k + config["mini_batch"]], config["learning_rate"])
    worst = 0.0
    for l, (ours, theirs) in enumerate(zip(layers_of(read_safetensors(os.path.join(run, "model.safetensors"))[0]), layers)):
        for name, a, b in (("weight", ours[0], theirs[0]), ("bias", ours[1], theirs[1])):
            difference = np.abs(a - b).max() / np.abs(b).max()
            worst = max(worst, difference)
            print(f"layers.{l}.{name}: largest difference {difference:.2e} of the largest value")
    print(f"worst {worst:.2e}, allowed {TOLERANCE:.0e}")
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
