"""Three nodes with TLS and credentials: who may do what, and files that change while they run."""

import base64
import json
import os
import socket
import subprocess
import threading
import time

import pyarrow as pa
import pyarrow.flight as flight
import pytest
from data import events
from rig.client import TIMEOUT, Access, act, connected, read, write
from rig.cluster import Cluster
from rig.processes import binary, free_ports, wait_until


class Authority:
    """A certificate authority of OpenSSL in a directory."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir(exist_ok=True)
        self.root = directory / "root.pem"
        self._request(
            "root", "authority", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign",
        )  # fmt: skip

    def _request(self, file, name, *more):
        subprocess.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                "-out", self.directory / f"{file}.new.pem",
                "-keyout", self.directory / f"{file}.new.key", *more,
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip
        for kind in ("pem", "key"):
            new = self.directory / f"{file}.new.{kind}"
            os.replace(new, self.directory / f"{file}.{kind}")
        return self.directory / f"{file}.pem", self.directory / f"{file}.key"

    def issue(self, file, name="node", names="DNS:localhost,IP:127.0.0.1"):
        """Makes the certificate and key `file`, in place of those that were there."""
        return self._request(
            file, name, "-CA", self.root, "-CAkey", self.directory / "root.key",
            "-addext", "basicConstraints=critical,CA:FALSE",
            "-addext", f"subjectAltName={names}",
        )  # fmt: skip


class Issuer:
    """An issuer of JSON web tokens: RSA keys of OpenSSL, and the set of those that it publishes."""

    NAME = "https://issuer.example"

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        self.set = directory / "jwks.json"
        self.flags = [
            "--auth-jwt-keys-path", self.set, "--auth-jwt-issuer", self.NAME,
            "--auth-jwt-audience", "marble",
        ]  # fmt: skip

    @staticmethod
    def _openssl(*arguments, content=None):
        return subprocess.run(
            ["openssl", *arguments], input=content, check=True, capture_output=True
        ).stdout

    @staticmethod
    def _base64url(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def _file(self, kid):
        return self.directory / f"{kid}.key"

    def key(self, kid):
        """Makes a key, and returns what a set says of it."""
        self._openssl("genrsa", "-out", self._file(kid), "2048")
        shown = self._openssl("rsa", "-in", self._file(kid), "-noout", "-modulus").decode()
        modulus = bytes.fromhex(shown.strip().removeprefix("Modulus="))
        return {"kty": "RSA", "kid": kid, "n": self._base64url(modulus), "e": "AQAB"}

    def publish(self, *keys):
        """Replaces the set, as an administrator would."""
        new = self.set.with_suffix(".new")
        new.write_text(json.dumps({"keys": keys}))
        os.replace(new, self.set)

    def token(self, kid, **claims):
        """A token of Ann's that the key has signed (RS256)."""
        header = {"alg": "RS256", "typ": "JWT", "kid": kid}
        expiry = int(time.time()) + 600
        payload = {"iss": self.NAME, "aud": "marble", "sub": "ann", "exp": expiry, **claims}
        parts = [self._base64url(json.dumps(each).encode()) for each in (header, payload)]
        content = ".".join(parts)
        signature = self._openssl(
            "dgst", "-sha256", "-sign", self._file(kid), content=content.encode()
        )
        return f"{content}.{self._base64url(signature)}"


def marble(*arguments, **more):
    return subprocess.run(
        [binary("marble"), *map(str, arguments)],
        capture_output=True, text=True, timeout=60, **more,
    )  # fmt: skip


class SecureCluster(Cluster):
    scheme = "grpc+tls"

    def __init__(self, directory, size=3):
        super().__init__(directory, size)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(self.directory / "authority")
        self.certificate, self.key = self.authority.issue("node")
        self.list = self.directory / "access-list"
        self.tokens = {role: self.token(role) for role in ("reader", "writer", "admin", "peer")}
        peer = self.directory / "peer-token"
        peer.write_text(self.tokens["peer"] + "\n")
        self.access = self.access_of("admin")
        self.flags = [
            "--enable-ssl", "--tls-cert-path", self.certificate, "--tls-key-path", self.key,
            "--tls-root-certs-path", self.authority.root, "--auth-tokens-path", self.list,
            "--auth-peer-token-path", peer,
        ]  # fmt: skip

    def token(self, role, name=None):
        done = marble("token", name or role, "--role", role, "--file", self.list)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def access_of(self, role):
        return Access(self.authority.root.read_bytes(), self.tokens.get(role, role))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with SecureCluster(tmp_path_factory.mktemp("secure")) as running:
        yield running


def put(cluster, node, table, role, count=10):
    batch = events(0, count)
    with connected(node, cluster.access_of(role)) as client:
        writer, reader = client.do_put(flight.FlightDescriptor.for_path(table), batch.schema)
        try:
            writer.write_batch(batch)
            writer.done_writing()
            return reader.read().to_pybytes()
        finally:
            writer.close()


def counted(node, name):
    """The value of one of the node's metrics, its samples summed up."""
    metrics = act(node, "metrics")["metrics"]
    return sum(each["value"] for each in metrics if each["name"] == name)


def test_a_writer_writes_on_every_node_and_a_reader_reads(cluster, table):
    for node in cluster.nodes:
        put(cluster, node, table, "writer")
    with connected(cluster.nodes[0], cluster.access_of("reader")) as client:
        ticket = flight.Ticket(f'{{"table": "{table}"}}'.encode())
        assert client.do_get(ticket).read_all().num_rows == 30
        info = client.get_flight_info(flight.FlightDescriptor.for_path(table))
        assert all(
            location.uri.startswith(b"grpc+tls://") for location in info.endpoints[0].locations
        )


def test_a_role_may_do_no_more_than_it_covers(cluster, table):
    put(cluster, cluster.nodes[0], table, "writer")
    drop = flight.Action("drop_table", f'{{"table": "{table}"}}'.encode())
    for node in cluster.nodes:
        with pytest.raises(flight.FlightUnauthorizedError, match="needs the role writer"):
            put(cluster, node, table, "reader")
        with connected(node, cluster.access_of("writer")) as client:
            with pytest.raises(flight.FlightUnauthorizedError, match="needs the role admin"):
                list(client.do_action(drop))
    assert read(cluster.nodes[0], table).num_rows == 10
    act(cluster.followers()[0], "drop_table", {"table": table})


@pytest.mark.parametrize("token", ["wrong", ""])
def test_a_wrong_token_is_refused(cluster, table, token):
    with pytest.raises(flight.FlightUnauthenticatedError, match="the token isn't known"):
        put(cluster, cluster.nodes[0], table, token or "marble_")


def test_no_token_is_refused_with_what_to_send(cluster):
    access = Access(cluster.authority.root.read_bytes())
    before = counted(cluster.nodes[0], "flight_server_authentication_failures_total")
    with connected(cluster.nodes[0], access) as client:
        with pytest.raises(flight.FlightUnauthenticatedError, match="authorization: Bearer"):
            list(client.list_actions())
    after = counted(cluster.nodes[0], "flight_server_authentication_failures_total")
    assert after >= before + 1


def test_an_admin_does_not_speak_raft(cluster):
    message = flight.Action("raft.message", b"")
    with connected(cluster.nodes[0], cluster.access_of("admin")) as client:
        with pytest.raises(flight.FlightUnauthorizedError, match="needs the role peer"):
            list(client.do_action(message))
        with pytest.raises(flight.FlightUnauthorizedError, match="needs the role peer"):
            client.do_get(flight.Ticket(b"raft.snapshot/1/1/1/0")).read_all()
        headers = [(b"marble-cluster-bin", b"dGVzdC1jbHVzdGVy")]
        options = flight.FlightCallOptions(headers=headers, timeout=30)
        # Which of the calls hears of the refusal depends on who is faster.
        with pytest.raises(flight.FlightUnauthorizedError, match="needs the role peer"):
            writer, reader = client.do_exchange(flight.FlightDescriptor.for_path("raft"), options)
            writer.done_writing()
            reader.read_chunk()


def test_a_stranger_without_tls_gets_nothing(cluster):
    node = cluster.nodes[0]
    before = counted(node, "flight_server_plaintext_refused_total")
    with connected(f"grpc://{node.endpoint}") as client:
        with pytest.raises(flight.FlightUnavailableError, match="speaks TLS only"):
            list(client.list_actions(flight.FlightCallOptions(timeout=10)))
    host, _, port = node.endpoint.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as stranger:
        stranger.sendall(b"GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n")
        assert stranger.makefile("rb").read().endswith(b"speaks TLS only: use https\n")
    assert counted(node, "flight_server_plaintext_refused_total") >= before + 2


def test_status_with_roots_and_a_token(cluster, tmp_path):
    endpoint = cluster.nodes[0].endpoint
    token = tmp_path / "token"
    token.write_text(cluster.tokens["reader"])
    done = marble(
        "status", "--endpoint", endpoint, "--tls-root", cluster.authority.root,
        "--token-file", token,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("follower") == 2 and "unreachable" not in done.stdout
    environment = {**os.environ, "MARBLE_TOKEN": "wrong"}
    done = marble(
        "status", "--endpoint", endpoint, "--tls-root", cluster.authority.root, env=environment
    )
    assert done.returncode == 1 and "the token isn't known" in done.stderr


def test_a_user_logs_in(cluster, table):
    done = marble(
        "password", "ann", "--role", "writer", "--file", cluster.list, input="correct horse\n"
    )
    assert done.returncode == 0, done.stderr

    def login():
        access = Access(cluster.authority.root.read_bytes())
        with connected(cluster.nodes[0], access) as client:
            try:
                return client.authenticate_basic_token("ann", "correct horse")
            except flight.FlightUnauthenticatedError:
                return None

    header = wait_until(login, 30, "the changed access list is in use")
    token = header[1].decode().removeprefix("Bearer ")
    with connected(cluster.nodes[0], Access(cluster.authority.root.read_bytes(), token)) as client:
        assert list(client.list_actions())


def test_certificates_and_tokens_are_exchanged_under_load(cluster, table):
    """No call fails while nodes get new certificates, and a removed token is refused."""
    failures, counts, over = [], [0, 0], threading.Event()

    def load(number, lasting):
        node = cluster.nodes[number % 3]
        try:
            if lasting:
                with connected(node, cluster.access_of("writer")) as client:
                    while not over.is_set():
                        list(client.list_actions())
                        counts[0] += 1
            while not lasting and not over.is_set():
                put(cluster, node, table, "writer", count=1)
                counts[1] += 1
        except (flight.FlightError, pa.ArrowException) as error:
            failures.append(error)

    threads = [threading.Thread(target=load, args=(i, i % 2 == 0)) for i in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(3):
            cluster.authority.issue("node")

            def reloaded(wanted=number + 1):
                texts = [node.process.output() for node in cluster.nodes]
                return all(
                    text.count("TLS certificate: the changed files") >= wanted for text in texts
                )

            wait_until(reloaded, 60, "all nodes use the new certificate")
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not failures and all(counts)

    gone = cluster.token("reader", name="gone")

    def known():
        with connected(cluster.nodes[1], cluster.access_of(gone)) as client:
            try:
                return bool(list(client.list_actions()))
            except flight.FlightUnauthenticatedError:
                return False

    wait_until(known, 30, "the new token is known")
    lines = cluster.list.read_text().splitlines()
    new = cluster.list.with_suffix(".new")
    new.write_text("".join(line + "\n" for line in lines if " gone " not in line))
    os.replace(new, cluster.list)
    wait_until(lambda: not known(), 30, "the removed token is refused")


#: What identity providers have in their sets besides: nothing that tokens are signed with.
UNUSABLE = {"kty": "AKP", "kid": "newer", "alg": "ML-DSA-44", "pub": "AA"}


def test_an_issuer_s_keys_are_exchanged_while_a_node_runs(tmp_path):
    issuer = Issuer(tmp_path / "issuer")
    old, new = issuer.key("old"), issuer.key("new")
    encrypting = {**issuer.key("encrypting"), "use": "enc", "alg": "RSA-OAEP-256"}
    issuer.publish(encrypting, UNUSABLE, old)
    cluster = SecureCluster(tmp_path / "cluster", size=1)
    cluster.flags += issuer.flags
    node = cluster.nodes[0]

    def refusal(token):
        """Why the node refuses the token; None where it doesn't."""
        with connected(node, cluster.access_of(token)) as client:
            try:
                list(client.list_actions(TIMEOUT))
            except flight.FlightUnauthenticatedError as error:
                return str(error)
        return None

    with cluster:
        before = issuer.token("old", roles=["offline_access", "writer"])
        after = issuer.token("new", role="reader")
        put(cluster, node, "rows", before)
        for token, reason in (
            (after, "its signature isn't of a key that is known here"),
            (issuer.token("encrypting", role="reader"), "its signature isn't of a key"),
            (issuer.token("old", role="reader", aud="others"), "its aud isn't marble"),
            (issuer.token("old", role="reader", iss="stranger"), "its iss isn't"),
            (issuer.token("old", role="reader", exp=int(time.time()) - 60), "it has expired"),
            (issuer.token("old"), "its role"),
        ):
            assert reason in (refusal(token) or "")
        log = node.process.output()
        assert log.count("a key of the JSON Web Key Set isn't used") == 2
        assert "key=encrypting" in log and "key=newer" in log

        with connected(node, cluster.access_of(before)) as lasting:
            list(lasting.list_actions(TIMEOUT))
            issuer.publish(old, new)
            wait_until(lambda: refusal(after) is None, 30, "the new key is in use")
            with pytest.raises(flight.FlightUnauthorizedError, match="needs the role writer"):
                put(cluster, node, "rows", after)
            list(lasting.list_actions(TIMEOUT))
            issuer.publish(new)
            wait_until(lambda: refusal(before) is not None, 30, "the old key is out of use")
            with pytest.raises(flight.FlightUnauthenticatedError, match="its signature isn't of"):
                list(lasting.list_actions(TIMEOUT))
        assert refusal(after) is None

        issuer.publish(UNUSABLE)
        node.process.wait_for_line("what they held before stays in use")
        assert refusal(after) is None


def test_a_set_without_a_key_for_signatures_is_refused(tmp_path):
    issuer = Issuer(tmp_path / "issuer")
    issuer.publish(UNUSABLE)
    endpoint = f"127.0.0.1:{free_ports(1)[0]}"
    done = marble(
        "serve", "--endpoint", endpoint, "--nodes", endpoint, "--cluster-id", "x",
        "--data-dir", tmp_path / "data", *issuer.flags,
    )  # fmt: skip
    assert done.returncode == 1
    assert "holds no key that web tokens can be signed with (newer: its kty AKP" in done.stderr


def test_nodes_know_each_other_by_their_certificates(tmp_path):
    cluster = SecureCluster(tmp_path / "mutual")
    with cluster.list.open("a") as file:
        file.write("certificate nodes peer cn:node\n")
    position = cluster.flags.index("--auth-peer-token-path")
    cluster.flags[position : position + 2] = ["--tls-client-auth", "optional"]
    with cluster:
        put(cluster, cluster.followers()[0], "rows", "writer")
        cluster.wait_applied()
        client = cluster.authority.issue("client", name="stranger")
        identity = tuple(path.read_bytes() for path in client)
        access = Access(cluster.authority.root.read_bytes(), identity=identity)
        with connected(cluster.nodes[0], access) as stranger:
            with pytest.raises(flight.FlightUnauthenticatedError, match="cn:stranger"):
                list(stranger.list_actions())


def test_a_node_with_a_stranger_s_certificate_does_not_join(tmp_path):
    cluster = SecureCluster(tmp_path / "strange")
    cluster.start()
    try:
        node = cluster.followers()[0]
        node.terminate()
        other = Authority(tmp_path / "other")
        certificate, key = other.issue("node")
        flags = list(cluster.flags)
        flags[flags.index("--tls-cert-path") + 1] = certificate
        flags[flags.index("--tls-key-path") + 1] = key
        kept, cluster.flags = cluster.flags, flags
        node.start()
        cluster.flags = kept
        write(cluster.leader(), "rows", events(0, 10))
        leader = cluster.leader()
        members = act(leader, "status")["groups"][0]["members"]
        (member,) = [each for each in members if each["endpoint"] == node.endpoint]
        assert not member["healthy"]
    finally:
        cluster.stop()


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--enable-ssl"], "tls_cert_path"),
        (["--enable-ssl", "--tls-cert-path", "/x"], "tls_key_path"),
        (["--tls-cert-path", "/x"], "enable_ssl"),
        (["--enable-ssl", "--tls-cert-path", "/x", "--tls-key-path", "/y"], "/x can't be read"),
        (
            [
                "--enable-ssl", "--tls-cert-path", "/x", "--tls-key-path", "/y",
                "--tls-client-auth", "maybe",
            ],
            "tls_client_auth",
        ),
        (
            [
                "--enable-ssl", "--tls-cert-path", "/x", "--tls-key-path", "/y",
                "--tls-client-auth", "required",
            ],
            "tls_root_certs_path",
        ),
        (["--auth-tokens-path", "/nowhere"], "/nowhere can't be read"),
        (["--auth-tokens-path", ""], "auth_tokens_path"),
        (["--auth-jwt-issuer", "x"], "auth_jwt_keys_path"),
        (["--auth-jwt-keys-path", "/nowhere"], "/nowhere can't be read"),
        (["--auth-peer-token-path", "/x"], "auth_tokens_path"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_named(tmp_path, flags, named):
    endpoint = f"127.0.0.1:{free_ports(1)[0]}"
    done = marble(
        "serve", "--endpoint", endpoint, "--nodes", endpoint, "--cluster-id", "x",
        "--data-dir", tmp_path / "data", *flags,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert named in done.stderr


def test_several_nodes_need_credentials_for_each_other(tmp_path):
    done = marble(
        "serve", "--endpoint", "a:1", "--nodes", "a:1,b:2", "--cluster-id", "x",
        "--data-dir", tmp_path / "data", "--auth-tokens-path", "/x",
    )  # fmt: skip
    assert done.returncode == 1
    assert "auth_peer_token_path" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["a b", "--role", "reader"], "spaces"),
        (["a", "--role", "king"], "king"),
        (["a", "--role", "reader", "--expires", "soon"], "expires=soon"),
        (["a", "--role", "reader", "--file", "/nowhere/list"], "/nowhere/list"),
    ],
)
def test_marble_token_names_what_it_cannot_use(arguments, named):
    done = marble("token", *arguments)
    assert done.returncode != 0
    assert named in done.stderr
