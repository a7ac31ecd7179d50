"""The real supervisor over fake programs: ``python -m tests.copystudio.supervisor.fake_studio``.

``FAKE_PLAN`` holds Python sources by name: setup, model, web and any other. A web that answers is the default.
"""

from __future__ import annotations

import json
import os
import sys

from copystudio.supervisor import __main__ as entry
from copystudio.supervisor.config import Config
from copystudio.supervisor.programs import Plan, Program

WEB = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *args): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
SLEEP = "import time\nprint('up', flush=True)\ntime.sleep(600)"
NOTHING = "pass"


def fake_plan(config: Config) -> Plan:
    sources = {"setup": NOTHING, "model": NOTHING, "web": WEB, **json.loads(os.environ.get("FAKE_PLAN", "{}"))}

    def program(name: str, *, needs_model: bool = False) -> Program:
        return Program(name, [sys.executable, "-c", sources[name], str(config.port)], needs_model=needs_model)

    others = [name for name in sources if name not in {"setup", "model"}]
    return Plan(
        setup=program("setup"),
        model=program("model"),
        programs=[program(name, needs_model=name == "generation") for name in others],
    )


if __name__ == "__main__":
    entry.plan = fake_plan
    sys.exit(entry.main(sys.argv[1:]))
