# SPDX-License-Identifier: Apache-2.0
"""Slipway's POST /predict (parse, contract, model, metrics, log) against nginx that answers the same number of bytes
without looking. The same core serves both in turn, in pairs; another core sends. Target: at least 0.9 of nginx."""
import argparse
import os
import pathlib
import tempfile

import common

NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen {host}:{port}; location / {{ default_type application/json; return 200 '{answer}'; }} }}
}}
"""


def nginx(port, folder, core, answer):
    settings = pathlib.Path(folder, "nginx.conf")
    settings.write_text(NGINX.format(folder=folder, host=common.HOST, port=port, answer=answer))
    if os.geteuid() == 0:
        os.chmod(folder, 0o755)  # its worker is another user
    return common.running(["nginx", "-p", folder, "-c", settings, "-e", f"{folder}/error.log"], port, core)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    server_core, load_core = common.cores()

    with tempfile.TemporaryDirectory() as folder:
        port = common.free_port()
        with common.slipway(port, folder, server_core):
            answer = common.answer_of(port).decode()
    print(f"one core serves, one sends; {options.connections} connections, {options.pairs} pairs of {options.seconds} s;"
          f" request {len(common.CUSTOMER)} bytes, answer {len(answer)} bytes")

    runs = {"slipway /predict": [], "nginx, fixed reply": []}
    for pair in range(options.pairs):
        order = list(runs) if pair % 2 else list(reversed(runs))
        for name in order:
            with tempfile.TemporaryDirectory() as folder:
                port = common.free_port()
                started = (common.slipway(port, folder, server_core) if name.startswith("slipway")
                           else nginx(port, folder, server_core, answer))
                with started as process:
                    runs[name].append(common.load(port, load_core, options.seconds, options.connections, process.pid))
    common.table(list(runs), runs)
    ours, theirs = runs.values()
    speed = common.ratios(ours, theirs, "requests_per_s")
    print(f"requests/s, slipway / nginx: {common.spread(speed)}; target: at least 0.9")
    print(f"CPU a request, slipway / nginx: {common.spread(common.ratios(ours, theirs, 'cpu_us'))}")


if __name__ == "__main__":
    main()
