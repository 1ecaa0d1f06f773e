# SPDX-License-Identifier: Apache-2.0
"""Full disks, no descriptors left, crowds of idle and broken clients: the server goes on."""
import re
import resource
import socket
import struct

import pytest
from conftest import CHURN

BODY = (CHURN / "customer.json").read_bytes()


def test_a_full_disk_under_the_log_costs_log_lines_not_answers(serve):
    server = serve(flags=["--log", "/dev/full"])
    for _ in range(200):
        assert server.predict(BODY).status == 200

    def dropped():
        page = server.get("/metrics").body.decode()
        return float(re.search(r"^slipway_log_dropped_total (.*)$", page, re.M).group(1))

    server._until(lambda: dropped() > 0)  # lines are written ten times a second


def test_no_descriptors_left_is_survived(serve):
    server = serve(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    crowd = []
    try:
        for _ in range(200):
            crowd.append(socket.create_connection(("127.0.0.1", server.port), timeout=5))
    except OSError:
        pass  # the listen queue is full too
    assert len(crowd) > 64 and server.process.poll() is None
    for connection in crowd:
        connection.close()
    server._until(lambda: server.predict(BODY).status == 200)


def test_ten_thousand_idle_connections_leave_room_for_answers(serve):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(10_000, hard - 100) - 10
    assert wanted > 1000, f"this machine allows {hard} descriptors only"
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = serve()
    crowd = []
    try:
        for _ in range(wanted):
            crowd.append(socket.create_connection(("127.0.0.1", server.port), timeout=20))
        for _ in range(5):
            assert server.predict(BODY).status == 200
    finally:
        for connection in crowd:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_connection_too_many_is_told_so(serve):
    server = serve(flags=["--connections", "5"])
    crowd = [server.socket() for _ in range(5)]
    for connection in crowd:  # answered: they are open
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    assert server.raw(b"").startswith(b"HTTP/1.1 503 ")
    for connection in crowd:
        connection.close()
    server._until(lambda: server.get("/livez").status == 200)


@pytest.mark.parametrize("sent", [b"", b"POST /pre", b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{"])
def test_clients_that_vanish_or_reset_leave_no_trace(serve, sent):
    server = serve()
    for reset in (False, True):
        for _ in range(50):
            connection = server.socket()
            connection.sendall(sent)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
    assert server.predict(BODY).status == 200
    assert server.stop() == 0


def test_a_client_that_never_reads_does_not_hold_up_the_others(serve):
    server = serve()
    deaf = server.socket()
    deaf.setblocking(False)
    request = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
    try:
        for _ in range(20_000):
            deaf.send(request)
    except BlockingIOError:
        pass
    assert server.predict(BODY).status == 200
    deaf.close()


def test_half_closed_after_the_request_is_answered(serve):
    server = serve()
    with server.socket() as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY))
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
