# SPDX-License-Identifier: Apache-2.0
"""SIGTERM under load loses nothing. Lost: a request whose last byte was sent before the signal, and that got no whole
answer. The same count for SIGKILL proves that these clients would have noticed."""
import multiprocessing
import os
import random
import signal
import socket
import time

import pytest
from conftest import CHURN

CLIENTS = 8
REQUESTS = 100_000
BODY = (CHURN / "customer.json").read_bytes()
HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(BODY)


def answered(connection):
    """One whole answer -> does the server keep the connection? None if there was none."""
    received = b""
    while True:
        try:
            piece = connection.recv(65536)
        except OSError:
            return None
        if not piece:
            return None
        received += piece
        head, end, body = received.partition(b"\r\n\r\n")
        if end:
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            if len(body) == length and head.startswith(b"HTTP/1.1 200 "):
                return b"connection: close" not in head.lower()


def client(port, number, count, results):
    """Sends until the port is closed; (answers, times at which requests were sent that got no answer). Every other
    client stops in the middle of its requests for a moment, as slow networks do."""
    pick = random.Random(number)
    answers, unanswered, connection = 0, [], None
    while True:
        try:
            if connection is None:
                connection = socket.create_connection(("127.0.0.1", port), timeout=20)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            break
        try:
            if number % 2:
                cut = pick.randrange(1, len(HEAD) + len(BODY))
                connection.sendall((HEAD + BODY)[:cut])
                time.sleep(0.002)
                connection.sendall((HEAD + BODY)[cut:])
            else:
                connection.sendall(HEAD + BODY)
        except OSError:
            connection = None  # its last byte never left
            continue
        sent = time.monotonic()
        kept = answered(connection)
        if kept is None:
            unanswered.append(sent)
        else:
            answers += 1
            count[number] = answers
        if not kept:
            connection.close()
            connection = None
    results.put((answers, unanswered))


def load_then(server, sign, wanted):
    """Answers in all, and requests lost, when the server gets the signal after `wanted` answers."""
    results = multiprocessing.Queue()
    count = multiprocessing.Array("l", CLIENTS, lock=False)
    clients = [multiprocessing.Process(target=client, args=(server.port, n, count, results)) for n in range(CLIENTS)]
    for process in clients:
        process.start()
    limit = time.monotonic() + 300
    while sum(count) < wanted and time.monotonic() < limit:
        time.sleep(0.01)
    signalled = time.monotonic()  # CLOCK_MONOTONIC: one clock for all processes of a machine
    os.kill(server.process.pid, sign)
    found = [results.get(timeout=60) for _ in clients]
    for process in clients:
        process.join()
    return sum(answers for answers, _ in found), sum(sent < signalled for _, unanswered in found for sent in unanswered)


def test_sigterm_under_load_loses_nothing(serve):
    server = serve(flags=["--log", "off"])
    answers, lost = load_then(server, signal.SIGTERM, REQUESTS)
    assert answers >= REQUESTS
    assert lost == 0
    assert server.wait() == 0


def test_these_clients_notice_a_loss(serve):
    lost = 0
    for _ in range(20):  # one kill may fall between two answers
        lost += load_then(serve(flags=["--log", "off"]), signal.SIGKILL, 500)[1]
        if lost:
            return
    pytest.fail("twenty servers were killed under load and no client missed an answer")


def test_a_drain_delay_goes_on_answering_while_not_ready(serve):
    server = serve(flags=["--drain-delay-ms", "1500"])
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert server.get("/readyz").status == 503
    reply = server.predict(BODY)
    assert reply.status == 200
    assert server.wait() == 0
