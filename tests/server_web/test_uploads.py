"""Sending files: what a sender is answered, what is stored, and what nobody can find out."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from testigo.ledger import (
    open_promise,
    read_verifier_key,
    verify_proof_file,
)


def _raw(url: str, data: bytes, *, end: bool = True, seconds: float = 15.0) -> bytes:
    """Send bytes as they are; whatever comes back until the other side closes."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=seconds) as sock:
        sock.sendall(data)
        if end:
            sock.shutdown(socket.SHUT_WR)
        found = b""
        while piece := sock.recv(65536):
            found += piece
        return found


def _rows_of(served: Any, digest: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = served.rows("SELECT receipt, outcome, size FROM submission WHERE blob = %s", digest)
    return found


def test_the_promise_is_signed_and_kept(served: Any, noise: Callable[[int], bytes], request_to: Any) -> None:
    token = served.tokens("observer")[0]
    answer = served.send(token, noise(5_000))
    assert answer.status == 201
    served.drain()
    promise = open_promise(answer.json["promise"].encode(), [read_verifier_key(served.home / "keys" / "intake.vkey")])
    assert promise.leaf.hex() == answer.json["leaf_hash"]
    proof = request_to(served.observer, "GET", f"/api/v1/submissions/{answer.json['receipt']}/proof", token)
    assert proof.status == 200
    leaf, index = served.rows("SELECT leaf, leaf_index FROM submission WHERE receipt = %s", answer.json["receipt"])[0]
    verify_proof_file(proof.body, bytes(leaf), read_verifier_key(served.home / "keys" / "log.vkey"))
    assert served.rows("SELECT body FROM leaf WHERE index = %s", index) == [(leaf,)]


def test_a_retry_gets_its_first_promise(served: Any, noise: Callable[[int], bytes], sha256: Any) -> None:
    token, body = served.tokens("observer")[0], noise(1_000)
    first, *again = [served.send(token, body) for _ in range(4)]
    assert {(other.status, other.body) for other in again} == {(201, first.body)}
    assert len(_rows_of(served, sha256(body))) == 1


def test_nobody_learns_whether_others_sent_the_same(
    served: Any, noise: Callable[[int], bytes], sha256: Any, country: Any
) -> None:
    one, other = served.tokens("observer", 2)
    for body in (noise(40_000), country.scan(0) + noise(8)):
        first, second = served.send(one, body), served.send(other, body)
        assert (first.status, set(first.json), set(first.headers)) == (
            second.status,
            set(second.json),
            set(second.headers),
        )
        assert {name: len(str(value)) for name, value in first.json.items()} == {
            name: len(str(value)) for name, value in second.json.items()
        }
        for secret in ("receipt", "leaf_hash", "promise"):
            assert first.json[secret] != second.json[secret]
        assert len(_rows_of(served, sha256(body))) == 2
    served.drain()
    outcomes = served.rows(
        "SELECT o.outcome FROM opened o JOIN submission s ON s.id = o.submission_id WHERE s.blob = %s ORDER BY s.id",
        sha256(body),
    )
    assert outcomes == [("image",), ("image",)], "what a phone sent is never said to be the same as anything"


def test_an_empty_file_is_receipted_and_opened_as_empty(served: Any) -> None:
    answer = served.send(served.tokens("observer")[0], b"")
    assert answer.status == 201
    served.drain()
    assert served.rows(
        "SELECT o.outcome FROM opened o JOIN submission s ON s.id = o.submission_id WHERE s.receipt = %s",
        answer.json["receipt"],
    ) == [("empty",)]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_beyond_the_policy_is_receipted_by_its_hash_and_not_stored(
    served: Any, noise: Callable[[int], bytes], sha256: Any, chunked: bool
) -> None:
    body = noise(2_500_000)
    answer = served.send(served.tokens("observer")[0], iter([body[:999_999], body[999_999:]]) if chunked else body)
    assert (answer.status, answer.json["outcome"]) == (201, "too_large")
    assert _rows_of(served, sha256(body)) == [(answer.json["receipt"], "too_large", len(body))]
    assert not (served.home / "blobs" / sha256(body)[:2] / sha256(body)[2:]).exists()
    assert list((served.home / "blobs" / ".incoming").iterdir()) == []
    served.drain()


def test_a_chunked_file_is_a_file_like_any_other(served: Any, noise: Callable[[int], bytes], sha256: Any) -> None:
    token, body = served.tokens("observer")[0], noise(700_000)
    chunked = served.send(token, iter([body[:5], body[5:300_000], body[300_000:]]))
    assert (chunked.status, chunked.json["outcome"]) == (201, "stored")
    assert served.send(token, body).body == chunked.body
    assert (served.home / "blobs" / sha256(body)[:2] / sha256(body)[2:]).read_bytes() == body


def test_a_flood_without_end_is_cut_off_without_a_receipt(served: Any) -> None:
    token = served.tokens("observer")[0]
    before = served.rows("SELECT count(*) FROM submission")

    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(250_000)

    with contextlib.suppress(OSError):  # it may be cut off in the middle of its sentence
        assert served.send(token, endless()).status == 413
    head = f"POST /api/v1/submissions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    assert _raw(served.observer, f"{head}Content-Length: 99999999\r\n\r\n".encode()).startswith(b"HTTP/1.1 413 ")
    assert served.rows("SELECT count(*) FROM submission") == before


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 1000\r\n\r\n" + b"x" * 400,
        b"Transfer-Encoding: chunked\r\n\r\n400\r\n" + b"x" * 400,
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nxxxxx\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\nxxxxx\r\n",
    ],
)
def test_half_a_file_is_no_evidence(served: Any, rest: bytes) -> None:
    token = served.tokens("observer")[0]
    before = served.rows("SELECT count(*) FROM submission")
    head = f"POST /api/v1/submissions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n".encode()
    assert not _raw(served.observer, head + rest).startswith(b"HTTP/1.1 2")
    assert served.rows("SELECT count(*) FROM submission") == before
    assert list((served.home / "blobs" / ".incoming").iterdir()) == []


def test_over_the_quota_a_receipt_is_given_and_nothing_stored(
    served: Any, noise: Callable[[int], bytes], sha256: Any
) -> None:
    token = served.tokens("observer")[0]
    bodies = [noise(100) for _ in range(31)]
    answers = [served.send(token, body) for body in bodies]
    assert [answer.json["outcome"] for answer in answers] == ["stored"] * 30 + ["over_quota"]
    assert not (served.home / "blobs" / sha256(bodies[30])[:2] / sha256(bodies[30])[2:]).exists()
    assert served.send(token, bodies[3]).body == answers[3].body, "a retry gets its first promise, quota or not"
    assert len(_rows_of(served, sha256(bodies[3]))) == 1
    served.drain()


def test_tokens_open_the_door_that_they_are_for_and_no_other(
    served: Any, noise: Callable[[int], bytes], request_to: Any
) -> None:
    observer, hub, reviewer = (served.tokens(kind)[0] for kind in ("observer", "hub", "reviewer"))
    revoked = served.people("observer")[0]
    served.rows("UPDATE credential SET revoked = true WHERE pseudonym = %s", revoked["pseudonym"])
    before = served.rows("SELECT count(*) FROM submission")
    for token in ("", "x", "x" * 500, reviewer, revoked["token"], f"{observer}x", "\xe9\xff"):
        answer = served.send(token, noise(50))
        assert (answer.status, set(answer.json)) == (401, {"error", "remedy", "problems"})
    for token in ("", "x", observer, hub):
        assert served.type(token, {}).status == 401
    assert served.type(reviewer, {}).status == 422
    assert served.rows("SELECT count(*) FROM submission") == before
    assert served.send(hub, noise(50)).status == 201
    channels = served.rows("SELECT DISTINCT channel FROM submission WHERE sender LIKE '%%'")
    assert ("scan",) in channels


def test_a_receipt_of_somebody_else_is_no_receipt(served: Any, noise: Callable[[int], bytes], request_to: Any) -> None:
    one, other = served.tokens("observer", 2)
    receipt = served.send(one, noise(60)).json["receipt"]
    served.drain()

    def fetch(token: str, name: str) -> Any:
        return request_to(served.observer, "GET", f"/api/v1/submissions/{name}/proof", token)

    assert fetch(one, receipt).status == 200
    assert (fetch(other, receipt).status, fetch(other, receipt).body) == (404, fetch(other, "0" * 32).body)
    assert fetch("x", receipt).status == 401


def test_every_error_has_one_shape_in_two_languages(served: Any, request_to: Any) -> None:
    token = served.tokens("observer")[0]
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    found = [
        request_to(served.observer, "GET", "/nowhere", token),
        request_to(served.observer, "DELETE", "/api/v1/submissions", token),
        request_to(served.observer, "GET", "/api/v1/submissions/..%2f/proof", token),
        request_to(served.review, "PUT", "/api/v1/readings", token),
        served.send(token, b"--x--", headers=form),
        served.send("x", b"y"),
    ]
    assert [answer.status for answer in found] == [404, 405, 404, 405, 415, 401]
    for answer in found:
        assert set(answer.json) == {"error", "remedy", "problems"}
        assert answer.json["error"] and answer.json["remedy"]
    said = {
        language: served.send("x", b"", headers={"Accept-Language": language}).json["error"]
        for language in ("es-VE,es;q=0.9,en;q=0.8", "en", "fr")
    }
    assert "credencial" in said["es-VE,es;q=0.9,en;q=0.8"]
    assert "token" in said["en"]
    assert said["fr"] == said["es-VE,es;q=0.9,en;q=0.8"]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x00\x01\x02\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nX y: z\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9_000 + b"\r\n\r\n", b"431"),
        (b"POST /api/v1/submissions HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
    ],
)
def test_what_is_no_http_is_answered_and_not_echoed(served: Any, data: bytes, status: bytes) -> None:
    found = _raw(served.observer, data)
    assert found.startswith(b"HTTP/1.1 " + status), found[:200]
    assert b"aaaa" not in found
    assert b'"problems"' in found


def test_a_slow_loris_is_cut_off_while_others_are_served(served: Any, noise: Callable[[int], bytes]) -> None:
    token = served.tokens("observer")[0]
    parts = urlsplit(served.observer)
    begun = time.monotonic()
    lorises = [socket.create_connection((parts.hostname, parts.port), timeout=20) for _ in range(100)]
    try:
        for sock in lorises:
            sock.sendall(b"POST /api/v1/submissions HTTP/1.1\r\nHost: x\r\n")
        assert served.send(token, noise(100)).status == 201
        waited = time.monotonic() - begun
        assert waited < 15, waited
        closed = 0
        while time.monotonic() - begun < 15 and closed < len(lorises):
            closed = 0
            for sock in lorises:
                try:
                    sock.sendall(b"X")  # a drop now and then does not keep the door open
                    sock.setblocking(False)
                    closed += sock.recv(100) == b""
                except BlockingIOError:
                    pass
                except OSError:
                    closed += 1
            time.sleep(0.5)
        assert closed == len(lorises)
    finally:
        for sock in lorises:
            sock.close()


def test_a_slow_telephone_is_not_cut_off(served: Any, noise: Callable[[int], bytes]) -> None:
    body = noise(6_000)

    def slowly() -> Iterator[bytes]:
        for start in range(0, len(body), 1_000):
            yield body[start : start + 1_000]
            time.sleep(0.6)

    assert served.send(served.tokens("observer")[0], slowly()).status == 201


def test_a_full_disk_gives_no_promise(
    served: Any, noise: Callable[[int], bytes], request_to: Any, tmp_path: Path
) -> None:
    import subprocess

    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        with served.program("observer", TESTIGO_BLOBS=str(disk)) as address:
            token = served.tokens("observer")[0]
            before = served.rows("SELECT count(*) FROM submission")
            answer = request_to(
                address, "POST", "/api/v1/submissions", token, noise(900_000), {"Accept-Language": "en"}
            )
            assert (answer.status, set(answer.json)) == (507, {"error", "remedy", "problems"})
            assert "full" in answer.json["error"]
            assert served.rows("SELECT count(*) FROM submission") == before
            assert request_to(address, "POST", "/api/v1/submissions", token, noise(900)).status == 201
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    served.rows("DELETE FROM procrastinate_jobs")  # the file of the last upload went with the disk


def test_a_store_of_another_machine_serves_as_well(
    served: Any, noise: Callable[[int], bytes], request_to: Any, sha256: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import urllib.request

    from moto.server import ThreadedMotoServer

    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    try:
        host, port = moto.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/evidence", method="PUT")).close()  # noqa: S310
        url = f"s3://evidence/sheets?endpoint={endpoint}&region=us-east-1"
        with served.program("observer", TESTIGO_BLOBS=url, **keys) as address:
            token, body = served.tokens("observer")[0], noise(50_000)
            first = request_to(address, "POST", "/api/v1/submissions", token, body)
            assert (first.status, request_to(address, "GET", "/ready").status) == (201, 200)
            assert request_to(address, "POST", "/api/v1/submissions", token, body).body == first.body
            from testigo.server.blobs import open_store

            assert open_store(url).get(sha256(body)) == body
    finally:
        moto.stop()
    served.rows("DELETE FROM procrastinate_jobs")  # the opener of this server looks into another store
