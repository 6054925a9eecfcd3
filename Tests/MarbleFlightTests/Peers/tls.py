"""A pyarrow client over TLS: host:port, trusted roots, and optionally a certificate and key. Prints `ok`."""

import sys

import pyarrow.flight as flight


def content(path):
    with open(path, "rb") as file:
        return file.read()


endpoint, roots, *identity = sys.argv[1:]
options = {"tls_root_certs": content(roots)}
if identity:
    options |= {"cert_chain": content(identity[0]), "private_key": content(identity[1])}
client = flight.FlightClient(f"grpc+tls://{endpoint}", **options)
if [action.type for action in client.list_actions()] != ["echo", "sleep"]:
    sys.exit("other actions")

for size in (0, 1, 16 << 10, 4 << 20):
    body = bytes(range(251)) * (size // 251 + 1)
    if [result.body.to_pybytes() for result in client.do_action(("echo", body))] != [body]:
        sys.exit("another body came back")
client.close()
print("ok")
