"""pyarrow's side of the benchmark `arrow`, in one thread: what `marble-bench arrow` does.

arrow_peer.py decode|validate|encode PATH [--compression lz4|zstd]
"""

import argparse
import json
import time

import pyarrow as pa


def read(data):
    with pa.ipc.open_stream(data, options=pa.ipc.IpcReadOptions(use_threads=False)) as reader:
        return list(reader)


def validate(data):
    for batch in read(data):
        batch.validate(full=True)


def write(batches, options):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def measure(work, seconds):
    passes = []
    end = time.perf_counter() + seconds
    while not passes or time.perf_counter() < end:
        began = time.perf_counter()
        work()
        passes.append(time.perf_counter() - began)
    return sorted(passes)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["decode", "validate", "encode"])
    parser.add_argument("path")
    parser.add_argument("--compression", default=None)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--warm-up", type=float, default=1)
    arguments = parser.parse_args()
    with open(arguments.path, "rb") as file:
        data = pa.py_buffer(file.read())
    batches = read(data)
    options = pa.ipc.IpcWriteOptions(compression=arguments.compression, use_threads=False)
    works = {
        "decode": lambda: read(data),
        "validate": lambda: validate(data),
        "encode": lambda: write(batches, options),
    }
    measure(works[arguments.work], arguments.warm_up)
    passes = measure(works[arguments.work], arguments.seconds)
    count = len(passes) * len(batches)

    def percentile(share):
        return passes[min(len(passes) - 1, int(len(passes) * share))] * 1e6 / len(batches)

    result = {
        "messages_per_s": count / sum(passes),
        "payload_bytes": data.size / len(batches),
        "seconds": sum(passes),
        "completed": count,
        "p50_us": percentile(0.5),
        "p99_us": percentile(0.99),
        "p999_us": percentile(0.999),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
