"""Trains the same network as Backprop with PyTorch DistributedDataParallel: Gloo, one thread a process.

Prints one JSON line: examples a second over the steps, evaluation and start-up left out. Each rank takes its half of
every mini-batch from a tensor in memory, so that no data loader stands between the network and the figure.
"""
import argparse
import gzip
import json
import os
import struct
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn as nn

DEADLINE_SECONDS = 1200


def read_idx(path):
    with gzip.open(path, "rb") as file:
        magic = struct.unpack(">I", file.read(4))[0]
        shape = struct.unpack(">" + "I" * (magic & 0xFF), file.read(4 * (magic & 0xFF)))
        return np.frombuffer(file.read(), dtype=np.uint8).reshape(shape)


def network(layers):
    sizes = [int(size) for size in layers.split("-")]
    modules = []
    for inputs, outputs in zip(sizes[:-2], sizes[1:-1]):
        modules += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*modules, nn.Linear(sizes[-2], sizes[-1]))


def train(rank, options, port, results):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    images = read_idx(os.path.join(options.data, "train-images-idx3-ubyte.gz"))
    labels = read_idx(os.path.join(options.data, "train-labels-idx1-ubyte.gz"))
    x = torch.from_numpy(images.reshape(len(images), -1).astype(np.float32) / 255)
    y = torch.from_numpy(labels.astype(np.int64))
    model = network(options.layers)
    if options.processes > 1:
        os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"] = "127.0.0.1", str(port)
        dist.init_process_group("gloo", rank=rank, world_size=options.processes)
        model = nn.parallel.DistributedDataParallel(
            model, gradient_as_bucket_view=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss_of = nn.CrossEntropyLoss()
    share = options.mini_batch // options.processes
    generator = torch.Generator().manual_seed(1)
    done, warm, start = 0, options.steps // 10, 0.0
    while done < options.steps + warm:
        order = torch.randperm(len(x), generator=generator)
        for first in range(0, len(x) - options.mini_batch + 1, options.mini_batch):
            if done == warm:
                start = time.perf_counter()
            mine = order[first + rank * share:first + (rank + 1) * share]
            optimizer.zero_grad(set_to_none=True)
            loss_of(model(x[mine]), y[mine]).backward()
            optimizer.step()
            done += 1
            if done == options.steps + warm:
                break
    seconds = time.perf_counter() - start
    if rank == 0:
        results.put(options.steps * options.mini_batch / seconds)
    if options.processes > 1:
        dist.destroy_process_group()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--layers", required=True)
    parser.add_argument("--mini-batch", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    context = mp.get_context("spawn")
    results = context.SimpleQueue()
    port = 20000 + os.getpid() % 20000
    ranks = [context.Process(target=train, args=(rank, options, port, results)) for rank in range(options.processes)]
    for rank in ranks:
        rank.start()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while results.empty():
        if any(rank.exitcode for rank in ranks) or time.monotonic() > deadline:
            for rank in ranks:
                rank.kill()
            sys.exit("a process of the training ended early, or it took too long")
        time.sleep(0.02)
    rate = results.get()
    for rank in ranks:
        rank.join()
    print(json.dumps({"examples_per_second": rate, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
