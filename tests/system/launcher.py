"""Runs commands in processes of their own without loading the libraries for each: imports once, then forks.

Reads one request a line, as JSON: arguments, folder, environment, user, limits, and the files that take standard
output and error. Answers with the process id at once, and with exit code and peak memory when it has ended.
"""

from __future__ import annotations

import codecs
import json
import os
import resource
import sys
import traceback
from typing import Any, NoReturn

from bot.cli import main


def _become(request: dict[str, Any]) -> NoReturn:
    """The child: everything a new process would have of its own, then the command line as it is installed."""
    code = 70
    try:
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environ"])
        for name, number in ((os.devnull, 0), (request["out"], 1), (request["err"], 2)):
            flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(name, flags, 0o666), number)
        if request["file_size"]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_size"], request["file_size"]))
        if request["user"]:
            os.setgroups([])
            os.setgid(request["user"])
            os.setuid(request["user"])
        sys.argv = ["benchwatch", *request["arguments"]]
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - whatever it is, it belongs in the command's standard error
        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def serve() -> None:
    """Answer requests until standard input ends."""
    codecs.lookup("utf-8-sig")  # another user may not be allowed to read the libraries any more
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        print(json.dumps({"pid": child}), flush=True)
        _, status, used = os.wait4(child, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), "peak_kb": used.ru_maxrss}), flush=True)


if __name__ == "__main__":
    serve()
