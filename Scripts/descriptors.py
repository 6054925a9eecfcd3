"""Writes the descriptors of Protos/ into the Swift source of the reflection service.

Run it after a change in Protos/: .venv/bin/python Scripts/descriptors.py
"""

import base64
import tempfile
from importlib.resources import files
from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

PROJECT = Path(__file__).resolve().parent.parent
PROTOS = PROJECT / "Protos"
TARGET = PROJECT / "Sources/MarbleFlight/Services/ProtoFile+Known.swift"
LINE = 76


def compiled():
    """The descriptors of all files and of what they import, imports first."""
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "all"
        sources = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
        includes = [f"-I{PROTOS}", f"-I{files('grpc_tools') / '_proto'}"]
        arguments = ["--include_imports", f"--descriptor_set_out={output}", *sources]
        if protoc.main(["protoc", *includes, *arguments]) != 0:
            raise SystemExit("protoc failed")
        return descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()).file


def symbols(file):
    """The full names of everything that a file defines."""

    def of_messages(prefix, messages):
        for message in messages:
            name = f"{prefix}.{message.name}"
            yield name
            yield from (f"{name}.{field.name}" for field in message.field)
            yield from (f"{name}.{enum.name}" for enum in message.enum_type)
            yield from of_messages(name, message.nested_type)

    yield from of_messages(file.package, file.message_type)
    yield from (f"{file.package}.{enum.name}" for enum in file.enum_type)
    for service in file.service:
        yield f"{file.package}.{service.name}"
        yield from (f"{file.package}.{service.name}.{method.name}" for method in service.method)


def array(lines, indent):
    return "".join(f'{indent}"{line}",\n' for line in lines)


def main():
    text = "// Made from Protos/ by Scripts/descriptors.py.\n\nextension ProtoFile {\n"
    text += "    /// The files of all services that a server has, and what they import.\n"
    text += "    static let known: [ProtoFile] = [\n"
    for file in compiled():
        encoded = base64.b64encode(file.SerializeToString(deterministic=True)).decode()
        lines = [encoded[at : at + LINE] for at in range(0, len(encoded), LINE)]
        text += f'        ProtoFile(\n            name: "{file.name}",\n            imports: [\n'
        text += array(file.dependency, " " * 16) + "            ],\n            symbols: [\n"
        text += array(symbols(file), " " * 16) + "            ],\n            descriptor: [\n"
        text += array(lines, " " * 16) + "            ].joined()),\n"
    TARGET.write_text(text + "    ]\n}\n")


main()
