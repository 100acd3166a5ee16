"""Reads what Backprop writes and what it trains on, from the published formats alone: NumPy and the standard library."""
import csv
import gzip
import json
import os
import struct

import numpy as np


def read_safetensors(path):
    """All tensors by name, and the metadata."""
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"])
    return tensors, metadata


def layers_of(tensors):
    """[(W, b), ...] in the order of the layers, in single precision."""
    count = len(tensors) // 2
    return [(tensors[f"layers.{l}.weight"], tensors[f"layers.{l}.bias"]) for l in range(count)]


def read_idx(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as file:
        magic = struct.unpack(">I", file.read(4))[0]
        shape = struct.unpack(">" + "I" * (magic & 0xFF), file.read(4 * (magic & 0xFF)))
        return np.frombuffer(file.read(), dtype=np.uint8).reshape(shape)


def read_dataset(path):
    """(training inputs, labels), (test inputs, labels): inputs 0 to 1 in float32, an example a row.

    path: the digits' csv.gz, or a directory with the four IDX files.
    """
    if os.path.isdir(path):
        def part(name):
            found = [f for f in sorted(os.listdir(path)) if f.startswith(name)][0]
            return read_idx(os.path.join(path, found))
        sets = []
        for images, labels in (("train-images", "train-labels"), ("t10k-images", "t10k-labels")):
            x = part(images)
            sets.append((x.reshape(len(x), -1).astype(np.float32) / np.float32(255), part(labels).astype(int)))
        return sets
    with gzip.open(path, "rt") as file:
        rows = np.array([[int(cell) for cell in row] for row in csv.reader(file)])
    x, y = rows[:, :-1].astype(np.float32) / np.float32(16), rows[:, -1]
    return [(x[:1500], y[:1500]), (x[1500:], y[1500:])]
