"""What ordinary gRPC tools ask a server for: health and reflection. Prints `ok` at the end.

The lines that it reads are answers of the test: when one comes, the health has been changed.
"""

import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3
FLIGHT = "arrow.flight.protocol.FlightService"


def expect(what, actual, wanted):
    if actual != wanted:
        sys.exit(f"{what}: {actual!r} instead of {wanted!r}")


def change(what):
    print(what, flush=True)
    sys.stdin.readline()


channel = grpc.insecure_channel(sys.argv[1])
health = health_pb2_grpc.HealthStub(channel)
request = health_pb2.HealthCheckRequest

for name in ("", FLIGHT):
    expect("health", health.Check(request(service=name), timeout=60).status, SERVING)
try:
    health.Check(request(service="nobody"), timeout=60)
    sys.exit("an unknown service has a health")
except grpc.RpcError as error:
    expect("unknown service", error.code(), grpc.StatusCode.NOT_FOUND)

watch = health.Watch(request(service=""), timeout=60)
unknown = health.Watch(request(service="nobody"), timeout=60)
expect("watched at first", next(watch).status, SERVING)
expect("watched and unknown", next(unknown).status, SERVICE_UNKNOWN)
change("set")
expect("watched after a change", next(watch).status, NOT_SERVING)
expect("watched and known", next(unknown).status, SERVING)
watch.cancel()
unknown.cancel()

database = ProtoReflectionDescriptorDatabase(channel)
services = set(database.get_services())
expect("services", {FLIGHT, "grpc.health.v1.Health"} <= services, True)
expect("reflection", "grpc.reflection.v1.ServerReflection" in services, True)
pool = DescriptorPool(database)
flight = pool.FindServiceByName(FLIGHT)
expect("methods", len(flight.methods), 10)
expect("a streaming method", flight.methods_by_name["DoPut"].client_streaming, True)
data = pool.FindMessageTypeByName("arrow.flight.protocol.FlightData")
expect("body", data.fields_by_name["data_body"].number, 1000)
expect("a file", pool.FindFileByName("google/protobuf/timestamp.proto").package, "google.protobuf")
for name in services:
    expect("a service", pool.FindServiceByName(name).full_name, name)
for wrong in (pool.FindMessageTypeByName, pool.FindFileByName):
    try:
        wrong("no.such.Thing")
        sys.exit("what doesn't exist was found")
    except KeyError:
        pass

# The stable version has the same messages under another name.
call = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
answers = list(call(iter([b"\x3a\x00"] * 1000), timeout=60))
expect("answers", len(answers), 1000)
expect("an answer", FLIGHT.encode() in answers[-1], True)

watch = health.Watch(request(service=""), timeout=60)
expect("watched again", next(watch).status, NOT_SERVING)
change("stop")
try:
    list(watch)
    sys.exit("a server that stops ends its watches")
except grpc.RpcError as error:
    expect("the end of a watch", error.code(), grpc.StatusCode.UNAVAILABLE)
print("ok")
