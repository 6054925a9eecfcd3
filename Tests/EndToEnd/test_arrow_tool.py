"""`marble arrow`: pyarrow's streams and files, shown and converted."""

import json
import subprocess

import pyarrow as pa
import pytest
from data import all_types
from rig.processes import binary


def marble(*arguments, standard_input=None, text=True):
    return subprocess.run(
        [binary("marble"), "arrow", *map(str, arguments)],
        capture_output=True,
        input=standard_input,
        text=text,
        timeout=60,
    )


def done(*arguments, **options):
    result = marble(*arguments, **options)
    assert result.returncode == 0, result.stderr
    return result.stdout


def write(path, batches, kind="file", **options):
    make = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
    with pa.OSFile(str(path), "wb") as sink, make(sink, batches[0].schema, **options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return path


def batches(count=3, rows=5):
    names = ["plain", "grüße", None, "a\nline", "x" * 100]
    return [
        pa.record_batch(
            {
                "id": pa.array(range(i * rows, (i + 1) * rows), pa.int64()),
                "name": pa.array([names[(i + j) % len(names)] for j in range(rows)]),
                "price": pa.array([j / 4 for j in range(rows)]),
            }
        )
        for i in range(count)
    ]


def test_cat_prints_a_table(tmp_path):
    out = done("cat", write(tmp_path / "a.arrow", batches())).splitlines()
    assert out[0].split() == ["id", "name", "price"]
    assert out[1].split() == ["int64", "string", "double"]
    assert len(out) == 3 + 15
    assert out[4].split() == ["1", "grüße", "0.25"]
    assert out[5].split() == ["2", "null", "0.5"]
    assert "\N{HORIZONTAL ELLIPSIS}" in out[7]


def test_cat_prints_json_that_says_everything(tmp_path):
    path = write(tmp_path / "a.arrows", batches(), kind="stream")
    rows = [json.loads(line) for line in done("cat", "--json", path).splitlines()]
    assert rows == pa.Table.from_batches(batches()).to_pylist()


def test_cat_takes_all_types(tmp_path):
    batch = all_types()
    path = write(tmp_path / "a.arrow", [batch])
    assert len(done("cat", path).splitlines()) == 3 + batch.num_rows
    rows = [json.loads(line) for line in done("cat", "--json", path).splitlines()]
    assert [row["id"] for row in rows] == batch["id"].to_pylist()
    assert [row["int64"] for row in rows] == batch["int64"].to_pylist()
    days = [None if day is None else day.isoformat() for day in batch["date32"].to_pylist()]
    assert [row["date32"] for row in rows] == days
    values = [None if v is None else f"{v:f}" for v in batch["decimal128"].to_pylist()]
    assert [row["decimal128"] for row in rows] == values


@pytest.mark.parametrize("limit", [0, 1, 5, 7, 100])
def test_a_limit_counts_rows(tmp_path, limit):
    path = write(tmp_path / "a.arrow", batches())
    assert len(done("cat", "--json", "--limit", limit, path).splitlines()) == min(limit, 15)
    done("convert", path, tmp_path / "b.arrow", "--limit", limit)
    with pa.ipc.open_file(tmp_path / "b.arrow") as reader:
        assert reader.read_all().num_rows == min(limit, 15)


def test_schema_shows_columns_and_metadata(tmp_path):
    schema = pa.schema(
        [pa.field("id", pa.int64(), nullable=False, metadata={"unit": "1"}), ("at", pa.date32())],
        metadata={"origin": "größe"},
    )
    path = write(tmp_path / "a.arrow", [pa.RecordBatch.from_pylist([], schema=schema)])
    assert done("schema", path) == (
        "id: int64 not null\n    unit=1\nat: date32[day]\nmetadata:\n    origin=größe\n"
    )
    shown = json.loads(done("schema", "--json", path))
    assert shown["fields"][0] == {
        "name": "id",
        "type": "int64",
        "nullable": False,
        "metadata": [["unit", "1"]],
    }
    assert shown["metadata"] == [["origin", "größe"]]


@pytest.mark.parametrize("compression", ["none", "lz4", "zstd", "zstd:19"])
@pytest.mark.parametrize("target", ["b.arrow", "b.arrows"])
def test_convert_keeps_every_value(tmp_path, target, compression):
    batch = all_types()
    source = write(tmp_path / "a.arrow", [batch, batch.slice(1, 2)], metadata={"made": "here"})
    done("convert", source, tmp_path / target, "--compression", compression)
    opened = pa.ipc.open_file if target == "b.arrow" else pa.ipc.open_stream
    with opened(tmp_path / target) as reader:
        if target == "b.arrow":
            assert reader.metadata == {b"made": b"here"}
        table = reader.read_all()
    table.validate(full=True)
    assert table.equals(pa.Table.from_batches([batch, batch.slice(1, 2)]))


@pytest.mark.parametrize("kind", ["file", "stream"])
def test_standard_input_and_output_are_taken(tmp_path, kind):
    source = write(tmp_path / "a", batches(), kind=kind).read_bytes()
    written = done("convert", "-", "-", standard_input=source, text=False)
    assert pa.ipc.open_stream(written).read_all().equals(pa.Table.from_batches(batches()))
    written = done("convert", "-", "-", "--to", "file", standard_input=source, text=False)
    assert pa.ipc.open_file(written).read_all().equals(pa.Table.from_batches(batches()))


def test_a_file_can_be_converted_in_place(tmp_path):
    path = write(tmp_path / "a.arrow", batches())
    done("convert", path, path, "--compression", "zstd")
    with pa.ipc.open_file(path) as reader:
        assert reader.read_all().equals(pa.Table.from_batches(batches()))


def test_what_goes_wrong_names_the_file_and_leaves_nothing(tmp_path):
    whole = write(tmp_path / "a.arrow", batches()).read_bytes()
    stream = write(tmp_path / "a.arrows", batches(), kind="stream").read_bytes()
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("hello, world\n")
    (tmp_path / "cut.arrow").write_bytes(whole[:-30])
    (tmp_path / "cut.arrows").write_bytes(stream[:-50])
    (tmp_path / "cut-schema").write_bytes(stream[:20])
    for name in ["missing", "empty", "text", "cut.arrow", "cut.arrows", "cut-schema", "."]:
        result = marble("convert", tmp_path / name, tmp_path / "out.arrow")
        assert result.returncode == 1, name
        assert result.stderr.startswith(f"marble: error: {tmp_path / name}"), result.stderr
        assert not list(tmp_path.glob("out*")), name


def test_an_output_that_says_nothing_asks_for_the_format(tmp_path):
    source = write(tmp_path / "a.arrow", batches())
    result = marble("convert", source, tmp_path / "b.bin")
    assert result.returncode == 64 and "--to" in result.stderr
    result = marble("convert", source, tmp_path / "no" / "b.arrow")
    assert result.returncode == 1 and str(tmp_path / "no" / "b.arrow") in result.stderr
    result = marble("convert", source, tmp_path / "b.arrow", "--compression", "gzip")
    assert result.returncode == 64 and "zstd:LEVEL" in marble("convert", "--help").stdout
