# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as curl speaks it, as nobody should speak it, and as smugglers speak it."""
import re
import json
import time

import pytest
from conftest import CHURN

CUSTOMER = (CHURN / "customer.json").read_bytes()


def post(body=CUSTOMER, *headers):
    lines = [b"POST /predict HTTP/1.1", b"Host: localhost", *headers, b"Content-Length: %d" % len(body), b"", b""]
    return b"\r\n".join(lines) + body


def responses(received):
    """[(status, body)] of a stream of responses that all have a Content-Length."""
    found = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        (length,) = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
        found.append((int(head.split(b" ")[1]), rest[:length]))
        assert len(rest) >= length
        received = rest[length:]
    return found


def test_curl_d_sends_a_form_and_is_answered(churn):
    assert "probability" in churn.curl(f"{churn.url}/predict", "-d", f"@{CHURN / 'customer.json'}")


def test_curl_chunked_is_answered(churn):
    out = churn.curl(f"{churn.url}/predict", "-H", "Transfer-Encoding: chunked", "--data-binary", f"@{CHURN / 'customer.json'}")
    assert "probability" in out


def test_curl_expect_continue_is_answered_at_once(churn, tmp_path):
    large = tmp_path / "large.json"
    large.write_bytes(b"[" + b",".join([CUSTOMER] * 4000) + b"]")
    began = time.monotonic()
    out = churn.curl("-v", "--stderr", "-", "--expect100-timeout", "15", f"{churn.url}/predict", "-H", "Expect: 100-continue",
                     "--data-binary", f"@{large}")
    assert "100 Continue" in out and "predictions" in out
    assert time.monotonic() - began < 10, "curl has waited for the 100 in vain"


def test_an_upload_that_will_be_refused_is_refused_before_it_is_sent(churn):
    with churn.socket() as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_a_connection_is_kept(churn):
    with churn.socket() as connection:
        for _ in range(3):
            connection.sendall(post())
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_pipelined_requests_are_answered_in_order(churn):
    get = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    got = responses(churn.raw(post() + get + post(b"{") + post(CUSTOMER, b"Connection: close")))
    assert [status for status, _ in got] == [200, 200, 400, 200]
    assert json.loads(got[1][1])["status"] == "healthy"
    assert got[0][1] == got[3][1]


def test_a_request_byte_by_byte_is_answered(churn):
    with churn.socket() as connection:
        for byte in post(b'{"tenure":1}'):
            connection.sendall(bytes([byte]))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_chunks_of_any_size_with_extension_and_trailer(churn):
    body = CUSTOMER
    chunks = b"".join(b"%x;a=b\r\n%s\r\n" % (len(piece), piece) for piece in (body[:1], body[1:7], body[7:])) + b"0\r\nX-Trailer: 1\r\n\r\n"
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    ((status, answer),) = responses(churn.raw(head + chunks))
    assert status == 200 and b"probability" in answer


def test_http_10_closes(churn):
    got = churn.raw(b"POST /predict HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(CUSTOMER), CUSTOMER))
    assert got.split(b" ", 2)[1] == b"200"


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("head", [
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2, 2\r\n\r\n{}",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: +2\r\n\r\n{}",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n{}",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 18446744073709551618\r\n\r\n{}",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length : 2\r\n\r\n{}",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r\n folded\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /predict HTTP/1.1\nHost: localhost\nContent-Length: 2\n\n{}",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nX-A: 1\nContent-Length: 2\r\n\r\n{}",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /predict HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nX-A: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /predict HTTP/2.0\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
])
def test_an_ambiguous_request_is_one_error_and_the_end(churn, head):
    got = churn.raw(head + SMUGGLED)
    assert len(re.findall(rb"HTTP/1\.1 \d{3} ", got)) == 1, got
    assert got.split(b" ", 2)[1] in (b"400", b"411", b"413", b"501", b"505"), got
    assert b"smuggled" not in got


def test_headers_above_their_limits_are_431(churn):
    assert churn.raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 20_000 + b"\r\n\r\n").startswith(b"HTTP/1.1 431 ")
    many = b"".join(b"X-%d: 1\r\n" % i for i in range(120))
    assert churn.raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n").startswith(b"HTTP/1.1 431 ")


def test_a_target_above_its_limit_is_414(churn):
    assert churn.raw(b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 414 ")


def test_a_compressed_body_is_415(churn):
    assert churn.raw(post(CUSTOMER, b"Content-Encoding: gzip", b"Connection: close")).startswith(b"HTTP/1.1 415 ")


def test_an_unknown_expectation_is_417(churn):
    assert churn.raw(post(CUSTOMER, b"Expect: miracles")).startswith(b"HTTP/1.1 417 ")
