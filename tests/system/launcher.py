"""Runs commands in processes of their own without loading the libraries for each: imports once, then forks.

Reads one request a line, as JSON: arguments, folder, environment, user, limits, and the files that take standard
output and error. Answers with the process id at once, and with exit code and peak memory when it has ended. Asked for
another process like this one, by the pipes for its requests and answers, it forks that one.
"""

from __future__ import annotations

import codecs
import json
import os
import resource
import sys
import traceback
from typing import Any

import bot.pictures  # loaded here, so that `run` starts at once too, and draws at once
import bot.service
import bot.slack_poster
from bot.cli import main
from jobs.sources import publisher, publisher_names

for each in publisher_names():  # another user may not be able to read the libraries
    publisher(each)


def become(request: dict[str, Any]) -> None:
    """The child: everything a new process would have of its own, then the command line as it is installed."""
    os.setsid()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environ"])
    for name, number in ((os.devnull, 0), (request["out"], 1), (request["err"], 2)):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        opened = os.open(name, flags, 0o666)
        os.dup2(opened, number)
        os.close(opened)
    if request["file_size"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_size"], request["file_size"]))
    if request["user"]:
        os.setgroups([])
        os.setgid(request["user"])
        os.setuid(request["user"])
    if "pace" in request:
        bot.slack_poster.PACE = request["pace"]
    sys.argv = ["benchwatch", *request["arguments"]]
    if "run" in sys.argv[1:]:
        main()  # and everything that a service does at the very end
        return
    code = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it is, it belongs in the command's standard error
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # clearing the libraries away takes longer than a command


def answer(**facts: int) -> None:
    """Write one line of JSON."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def turn_to(request: dict[str, Any]) -> None:
    """The child that is another of this process: its requests and answers go through pipes of its own."""
    for name, flags, number in ((request["requests"], os.O_RDONLY, 0), (request["answers"], os.O_WRONLY, 1)):
        opened = os.open(name, flags)
        os.dup2(opened, number)
        os.close(opened)


def serve() -> None:
    """Answer requests until standard input ends."""
    codecs.lookup("utf-8-sig")  # another user may not be allowed to read the libraries any more
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            if "requests" in request:
                turn_to(request)
                continue
            become(request)
            return
        answer(pid=child)
        if "requests" in request:
            continue
        _, status, used = os.wait4(child, 0)
        answer(code=os.waitstatus_to_exitcode(status), peak_kb=used.ru_maxrss)


if __name__ == "__main__":
    serve()
