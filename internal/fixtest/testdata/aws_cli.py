"""Runs commands of the AWS CLI, one JSON object a line, and answers each with one.
Each runs in a fork of this process: to start Python and load the CLI takes longer
than the command. It is for an account of its own, which the emulator takes from a
header."""

import json
import os
import socket
import sys
import tempfile

import awscli.clidriver

driver = awscli.clidriver.create_clidriver()
driver.session.create_client("sts")  # for what every command loads
look_up = socket.getaddrinfo


def at_emulator(host, *rest, **more):
    """The CLI puts the account before the host of some commands."""
    return look_up("127.0.0.1" if host.endswith(".127.0.0.1") else host, *rest, **more)


socket.getaddrinfo = at_emulator


def run(asked):
    def to_account(request, **_):
        request.headers["x-moto-account-id"] = asked["account"]

    driver.session.register("before-send", to_account)
    os.chdir(asked["folder"])
    try:
        code = driver.main(asked["arguments"])
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


for line in sys.stdin:
    asked = json.loads(line)
    if asked["service"] in driver.session.get_available_services():
        driver.session.get_service_model(asked["service"])
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            run(asked)
        _, status = os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        answer = {"code": os.waitstatus_to_exitcode(status), "out": out.read().decode(), "err": err.read().decode()}
    print(json.dumps(answer), flush=True)
