"""Three nodes with TLS and credentials: who may do what, and files that change while they run."""

import os
import subprocess
import threading

import pyarrow as pa
import pyarrow.flight as flight
import pytest
from data import events
from rig.client import Access, act, connected, read, write
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
    with connected(cluster.nodes[0], access) as client:
        with pytest.raises(flight.FlightUnauthenticatedError, match="authorization: Bearer"):
            list(client.list_actions())


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
    with connected(f"grpc://{cluster.nodes[0].endpoint}") as client:
        with pytest.raises(flight.FlightUnavailableError, match="speaks TLS only"):
            list(client.list_actions(flight.FlightCallOptions(timeout=10)))


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
