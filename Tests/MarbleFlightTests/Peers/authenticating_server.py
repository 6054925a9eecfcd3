"""A pyarrow Flight server that wants a handshake: prints its port and serves until its input ends."""

import sys
import threading

import pyarrow.flight as flight


class Authentication(flight.ServerAuthHandler):
    def authenticate(self, outgoing, incoming):
        login = flight.BasicAuth.deserialize(incoming.read())
        if (login.username, login.password) != ("ann".encode(), "secret: ü".encode()):
            raise flight.FlightUnauthenticatedError("no such user")
        outgoing.write(b"session of ann")

    def is_valid(self, token):
        if token != b"session of ann":
            raise flight.FlightUnauthenticatedError("shake hands first")
        return b"ann"


class Server(flight.FlightServerBase):
    def do_action(self, context, action):
        yield flight.Result(context.peer_identity())


server = Server("grpc://127.0.0.1:0", auth_handler=Authentication())
threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
print(server.port, flush=True)
server.serve()
