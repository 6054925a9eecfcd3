"""A query that takes three polls, on gRPC's own server with Google's protobuf; pyarrow doesn't poll.

Prints its port and serves until its input ends.
"""

import pathlib
import sys
from concurrent import futures

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "Protos"))
messages, services = grpc.protos_and_services("Flight.proto")


class Flights(services.FlightServiceServicer):
    def PollFlightInfo(self, request, context):
        if request == descriptor(path=["query"]):
            return self.poll(1, 0.25)
        if request == descriptor(cmd=b"poll 1"):
            return self.poll(2, 0.5)
        if request == descriptor(cmd=b"poll 2"):
            return self.poll(3, None)
        context.abort(grpc.StatusCode.NOT_FOUND, f"no query {request}")

    def poll(self, count, progress):
        """As many endpoints as polls; the last has nothing to poll with next."""
        info = messages.FlightInfo(total_records=-1, total_bytes=-1)
        for number in range(count):
            info.endpoint.add().ticket.ticket = b"part %d" % number
        answer = messages.PollInfo(info=info)
        if progress is not None:
            answer.progress = progress
            answer.flight_descriptor.CopyFrom(descriptor(cmd=b"poll %d" % count))
            answer.expiration_time.FromMilliseconds(1_700_000_000_500)
        return answer


def descriptor(path=(), cmd=b""):
    kind = messages.FlightDescriptor.CMD if cmd else messages.FlightDescriptor.PATH
    return messages.FlightDescriptor(type=kind, path=path, cmd=cmd)


server = grpc.server(futures.ThreadPoolExecutor())
services.add_FlightServiceServicer_to_server(Flights(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
sys.stdin.read()
server.stop(None)
