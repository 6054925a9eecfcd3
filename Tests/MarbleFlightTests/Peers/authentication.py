"""A pyarrow client that authenticates in both ways that Flight has. Prints `ok`."""

import sys

import pyarrow as pa
import pyarrow.flight as flight


def expect_refused(what, call):
    try:
        call()
    except flight.FlightUnauthenticatedError:
        return
    sys.exit(f"{what} was not refused")


class Login(flight.ClientAuthHandler):
    def __init__(self, user, password):
        super().__init__()
        self.basic = flight.BasicAuth(user, password)
        self.token = b""

    def authenticate(self, outgoing, incoming):
        outgoing.write(self.basic.serialize())
        self.token = incoming.read()

    def get_token(self):
        return self.token


def actions(client, options=None):
    return [action.type for action in client.list_actions(options)]


location = sys.argv[1]

client = flight.connect(location)
expect_refused("a call without credentials", lambda: actions(client))
expect_refused("a wrong password", lambda: client.authenticate_basic_token("ann", "wrong"))
header = client.authenticate_basic_token("ann", "secret: ü")
if header != (b"authorization", b"Bearer session of ann"):
    sys.exit(f"header {header!r}")
if actions(client, flight.FlightCallOptions(headers=[header])) != ["echo", "sleep"]:
    sys.exit("other actions")

older = flight.connect(location)
expect_refused("a wrong password", lambda: older.authenticate(Login("ann", "wrong")))
older.authenticate(Login("ann", "secret: ü"))
if actions(older) != ["echo", "sleep"]:
    sys.exit("other actions after the older handshake")

options = flight.FlightCallOptions(headers=[(b"authorization", b"Bearer r")])
schema = pa.schema([("id", pa.int64())])
try:
    # Which of the three hears of the refusal depends on who is faster.
    writer, reader = client.do_put(flight.FlightDescriptor.for_path("t"), schema, options)
    reader.read()
    writer.close()
    sys.exit("a reader may write")
except flight.FlightUnauthorizedError as error:
    if "needs the role writer" not in str(error):
        sys.exit(f"message: {error}")
print("ok")
