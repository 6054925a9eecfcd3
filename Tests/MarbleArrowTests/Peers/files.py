"""Compressed streams and files of pyarrow, for the round trips.

files.py compressed DIR   writes NAME.arrows, compressed, and beside it NAME.txt in canonical form
files.py files DIR        writes NAME.arrow, and beside it NAME.txt in canonical form
files.py read FILE        prints the canonical form of a file after validating it in full
files.py every DIR        writes NAME.arrow for every type; dictionaries that are replaced are left out
files.py dictionaries DIR writes dictionaries.arrow
files.py verify DIR       fails unless each NAME.back.arrow holds the same as NAME.arrow
"""

import pathlib
import random
import sys

import pyarrow as pa
from every_type import every_type
from peer import all_columns, canonical, write_stream

COMPRESSIONS = {
    "lz4": pa.ipc.IpcWriteOptions(compression="lz4"),
    "zstd": pa.ipc.IpcWriteOptions(compression="zstd"),
    "zstd-19": pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=19)),
}


def compressed(directory):
    directory = pathlib.Path(directory)
    large = all_columns(5000, True)
    noise = random.Random(7).randbytes(100_000)
    cases = {
        "nulls": [all_columns(1000, True)],
        "plain": [all_columns(1000, False)],
        "one": [all_columns(1, False)],
        "empty": [all_columns(0, False)],
        "slices": [large.slice(3, 500), large.slice(1001, 1), large.slice(13, 0)],
        # A buffer that doesn't get smaller is stored as it is by some writers.
        "noise": [pa.record_batch({"noise": [noise], "few": [1]})],
    }
    for name, batches in cases.items():
        for codec, option in COMPRESSIONS.items():
            path = directory / f"{name}-{codec}.arrows"
            write_stream(path, batches[0].schema, batches, option)
            path.with_suffix(".txt").write_text(canonical(batches[0].schema, batches))


def write_file(path, schema, batches, options=None, metadata=None):
    with pa.OSFile(str(path), "wb") as sink:
        with pa.ipc.new_file(sink, schema, options=options, metadata=metadata) as writer:
            for batch in batches:
                writer.write_batch(batch)


def files(directory):
    directory = pathlib.Path(directory)
    large = all_columns(5000, True)
    slices = [large.slice(i * 100, 100) for i in range(20)]
    old = pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V4)
    legacy = pa.ipc.IpcWriteOptions(
        metadata_version=pa.ipc.MetadataVersion.V4, use_legacy_format=True
    )
    cases = {
        "many": (slices, None),
        "none": ([], None),
        "old": (slices, old),
        "without-marker": (slices, legacy),
        **{codec: (slices, option) for codec, option in COMPRESSIONS.items()},
    }
    for name, (batches, options) in cases.items():
        path = directory / f"{name}.arrow"
        write_file(path, large.schema, batches, options, {"made": "by pyarrow"})
        path.with_suffix(".txt").write_text(canonical(large.schema, batches))


def open_file(path):
    reader = pa.ipc.open_file(pa.memory_map(str(path)))
    batches = [reader.get_batch(i) for i in reversed(range(reader.num_record_batches))]
    batches.reverse()
    for batch in batches:
        batch.validate(full=True)
    return reader, batches


def read(path):
    reader, batches = open_file(path)
    metadata = reader.metadata or {}
    for key, value in metadata.items():
        print(f"{key.decode()}={value.decode()}")
    sys.stdout.write(canonical(reader.schema, batches))


def same(left, right):
    (first, ours), (second, theirs) = open_file(left), open_file(right)
    assert first.schema.equals(second.schema, check_metadata=True), right
    assert len(ours) == len(theirs), right
    for mine, yours in zip(ours, theirs, strict=True):
        # Arrow's equality takes NaNs to differ.
        assert mine.equals(yours) or str(mine.to_pylist()) == str(yours.to_pylist()), right


def every(directory):
    for name, batches in every_type().items():
        path = pathlib.Path(directory) / f"{name}.arrow"
        try:
            write_file(path, batches[0].schema, batches)
        except pa.ArrowInvalid as error:
            assert "Dictionary replacement" in str(error), error
            path.unlink()


def verify(directory):
    backs = sorted(pathlib.Path(directory).glob("*.back.arrow"))
    assert backs
    for back in backs:
        same(back.with_name(back.name.replace(".back", "")), back)


def dictionaries(directory):
    """Files with a dictionary that grows, with one in a list, and with one that is shared."""
    path = pathlib.Path(directory) / "dictionaries.arrow"
    schema = pa.schema(
        [
            pa.field("kind", pa.dictionary(pa.int8(), pa.utf8())),
            pa.field("kinds", pa.list_(pa.dictionary(pa.int32(), pa.utf8()))),
        ]
    )
    nested = pa.ListArray.from_arrays(
        pa.array([0, 2, 2, 3], pa.int32()),
        pa.DictionaryArray.from_arrays(pa.array([1, 0, 1], pa.int32()), pa.array(["x", "y"])),
    )
    batches = []
    for count in (2, 3, 3):
        values = pa.array(["a", "b", "c"][:count])
        kind = pa.DictionaryArray.from_arrays(pa.array([1, None, count - 1], pa.int8()), values)
        batches.append(pa.RecordBatch.from_arrays([kind, nested], schema=schema))
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True, compression="zstd")
    write_file(path, schema, batches, options)


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    commands = [compressed, files, read, every, dictionaries, verify]
    {each.__name__: each for each in commands}[command](*arguments)
