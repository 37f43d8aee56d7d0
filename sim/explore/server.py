"""The page's server, on loopback: four paths, all of them read, none of which leads to the disk.

    /               the page
    /answer?at=     an answer as server-sent events (WHATWG, HTML: 9.2), until it is decided or nobody reads on
    /command?at=    the command that asks the same
    /scenario.toml?at=   the scenario there as a file, for the browser to save

A page elsewhere may have its own name lead to this address (DNS rebinding), so that only requests that call this server
by the names of loopback and its port are answered; and none that a browser says another site began. Everything else
that is asked for from outside is `at`, whole numbers within known limits. Left out: who is at this machine; whoever is
logged in on it can read the page.
"""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sim.errors import InputError
from sim.explore.answering import Answers, Event
from sim.explore.page import page, policy

HOST: Final = "127.0.0.1"
_NAMES: Final = (HOST, "localhost", "[::1]")
#: What every answer says, beside the page's own policy.
_HEADERS: Final = {
    "cache-control": "no-store", "x-content-type-options": "nosniff", "x-frame-options": "DENY",
    "referrer-policy": "no-referrer", "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}  # fmt: skip
#: How long it waits for what is being made when it is interrupted, s.
_STOP_S: Final = 10


class OnlyHere:
    """Lets through what this machine's own pages ask by loopback's names, and has every answer say what it may do."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in _NAMES} | (set(_NAMES) if port == 80 else set())
        self._origins = {f"http://{host}" for host in self._hosts}
        self._said = {**_HEADERS, "content-security-policy": f"{policy()}; frame-ancestors 'none'"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers or refuses one request."""
        if scope["type"] != "http":
            return
        problem = self._problem(Headers(scope=scope))

        async def saying(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = [(name.encode(), value.encode()) for name, value in self._said.items()]
                message["headers"] = [*message.get("headers", ()), *more]
            await send(message)

        if problem:
            await PlainTextResponse(f"{problem}\n", 403)(scope, receive, saying)
        else:
            await self._app(scope, receive, saying)

    def _problem(self, headers: Headers) -> str:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return "regsim explore answers under the names of this machine alone"
        if headers.get("origin", next(iter(self._origins))) not in self._origins:
            return "regsim explore answers its own page alone"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return "regsim explore answers its own page alone"
        return ""


def application(answers: Answers, port: int, ending: Callable[[], bool]) -> ASGIApp:
    """What is served at a port; answers under way stop when it is `ending`."""
    made = page(answers.question)

    async def whole(request: Request) -> Response:
        return Response(made, media_type="text/html")

    async def answer(request: Request) -> Response:
        places = answers.question.places(request.query_params.get("at", ""))

        async def gone() -> bool:
            return ending() or await request.is_disconnected()

        async def events() -> AsyncIterator[str]:
            async with aclosing(answers.at(places, gone)) as told:
                async for event in told:
                    yield as_text(event)

        return StreamingResponse(events(), media_type="text/event-stream")

    async def command(request: Request) -> Response:
        places = answers.question.places(request.query_params.get("at", ""))
        return PlainTextResponse(json.dumps(answers.question.commands(places)), media_type="application/json")

    async def scenario(request: Request) -> Response:
        places = answers.question.places(request.query_params.get("at", ""))
        text = answers.question.text(places)
        headers = {"content-disposition": 'attachment; filename="scenario.toml"'}
        return Response(text, media_type="application/toml", headers=headers)

    async def refused(request: Request, error: Exception) -> Response:
        return PlainTextResponse(f"{error}\n", 400)

    paths = {"/": whole, "/answer": answer, "/command": command, "/scenario.toml": scenario}
    routes = [Route(path, asked, methods=["GET"]) for path, asked in paths.items()]
    app = Starlette(routes=routes, exception_handlers={InputError: refused})
    app.router.redirect_slashes = False
    return OnlyHere(app, port)


def as_text(event: Event) -> str:
    """An event as it travels: JSON has no line breaks of its own."""
    return f"event: {event.name}\ndata: {json.dumps(event.data)}\n\n"


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """A socket of loopback, of any free port where it is 0. InputError where the port is taken."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((HOST, port))
            made.listen()
        except OSError as error:
            problem = f"{port} cannot be had ({error.strerror})"
            raise InputError("--port", problem, "name another, or 0 for any that is free") from None
        yield made
    finally:
        made.close()


def server(answers: Answers, port: int) -> uvicorn.Server:
    """Who serves, not yet begun: `run(sockets=[...])` does until it is interrupted."""
    options: dict[str, Any] = {
        "log_level": "error", "access_log": False, "lifespan": "off", "server_header": False, "http": "h11",
        "ws": "none", "timeout_graceful_shutdown": _STOP_S, "proxy_headers": False,
        "h11_max_incomplete_event_size": 16384,
    }  # fmt: skip

    def ending() -> bool:
        return made.should_exit

    made = uvicorn.Server(uvicorn.Config(application(answers, port, ending), **options))
    return made
