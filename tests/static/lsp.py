"""A small editor: starts a language server, opens files in it, and asks about places in them.

pygls 2.1 has a client too, but the types that it reads answers into (lsprotocol 2025.0) fail on
what ty and pyrefly answer when cattrs is 26.2; what is needed of the protocol is little.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

TIMEOUT = 60
"""Seconds that one answer or notification may take; it is only ever waited for when none comes."""

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {
        "diagnostic": {},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "completion": {
            "completionItem": {
                "documentationFormat": ["markdown", "plaintext"],
                "resolveSupport": {"properties": ["documentation", "detail"]},
            }
        },
    },
}


class LanguageServer:
    """A language server that runs in a project's folder, spoken to over stdin and stdout."""

    def __init__(self, command: Sequence[object], project: Path, **environment: str) -> None:
        self._log = (project / "server.log").open("w+b")
        self._process = subprocess.Popen(
            [*map(str, command)], cwd=project, env={**os.environ, **environment},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
        )  # fmt: skip
        self._received: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._last_id = 0
        self._answers: dict[int, dict[str, Any]] = {}
        folder = {"uri": project.as_uri(), "name": project.name}
        able = self.request(
            "initialize",
            processId=None, rootUri=folder["uri"], workspaceFolders=[folder],
            capabilities=CAPABILITIES,
        )["capabilities"]  # fmt: skip
        self.resolves_completions = able["completionProvider"].get("resolveProvider", False)
        self.notify("initialized")

    def request(self, method: str, **params: Any) -> Any:
        """Ask, and wait for the answer."""
        self._last_id += 1
        self._send(id=self._last_id, method=method, **({"params": params} if params else {}))
        while self._last_id not in self._answers:
            self._hear(f"an answer to {method}")
        answer = self._answers.pop(self._last_id)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def notify(self, method: str, **params: Any) -> None:
        self._send(method=method, params=params)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.request("shutdown")
            self._send(method="exit")
            self._process.wait(TIMEOUT)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            for stream in (self._process.stdin, self._process.stdout, self._log):
                assert stream
                stream.close()

    # --- messages --------------------------------------------------------------------------------

    def _send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _hear(self, awaited: str) -> None:
        """Take the next message, whatever it is."""
        try:
            message = self._received.get(timeout=TIMEOUT)
        except queue.Empty:
            raise TimeoutError(f"the server did not send {awaited}") from None
        if message is None:
            self._log.seek(0)
            raise ConnectionError(
                f"the server ended before {awaited}: {self._log.read()[-2000:].decode()}"
            )
        if "method" not in message:
            self._answers[message["id"]] = message
        elif "id" in message:  # the server asks something: no settings, and nothing to say
            asked = message["params"].get("items", []) if message.get("params") else []
            settings = message["method"] == "workspace/configuration"
            self._send(id=message["id"], result=[None for _ in asked] if settings else None)

    def _read(self) -> None:
        for message in self._messages():
            self._received.put(message)
        self._received.put(None)

    def _messages(self) -> Iterator[dict[str, Any]]:
        stream = self._process.stdout
        assert stream
        length = 0
        for line in stream:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif not line.strip():
                yield json.loads(stream.read(length))


class Document:
    """A file that is open in the editor; ``|`` in a piece of its text is the place asked about."""

    def __init__(self, server: LanguageServer, path: Path, text: str) -> None:
        self._server = server
        self._uri = path.as_uri()
        self._version = 1
        self.text = text
        server.notify(
            "textDocument/didOpen",
            textDocument={"uri": self._uri, "languageId": "python", "version": 1, "text": text},
        )

    def change(self, text: str) -> None:
        """Write the whole text anew, as an editor does while one types."""
        self._version += 1
        self.text = text
        self._server.notify(
            "textDocument/didChange",
            textDocument={"uri": self._uri, "version": self._version},
            contentChanges=[{"text": text}],
        )

    def errors(self) -> dict[int, str]:
        """The errors of the text as it is now, by line, counted from 1."""
        return {
            each["range"]["start"]["line"] + 1: each["message"]
            for each in self._server.request(
                "textDocument/diagnostic", textDocument={"uri": self._uri}
            )["items"]
            if each["severity"] == 1
        }

    def line(self, piece: str) -> int:
        """The line, counted from 1, on which a piece of the text stands."""
        return int(self._position(piece)["line"]) + 1

    def hover(self, piece: str) -> str:
        """What is shown when the mouse rests at a place; nothing is an empty string."""
        answer = self._ask("hover", piece)
        return _text(answer["contents"]) if answer else ""

    def completions(self, piece: str) -> dict[str, str]:
        """The public names offered at a place, each with its documentation as it is shown."""
        offered = self._ask("completion", piece)
        items = offered["items"] if isinstance(offered, dict) else offered or []
        names = {each["label"]: each for each in items if not each["label"].startswith("_")}
        if self._server.resolves_completions:
            names = {
                name: self._server.request("completionItem/resolve", **each)
                for name, each in names.items()
            }
        return {name: _text(each.get("documentation", "")) for name, each in names.items()}

    def signature(self, piece: str) -> str:
        """The signature that is shown while the arguments of a call are typed."""
        return str(self._ask("signatureHelp", piece)["signatures"][0]["label"])

    def definition(self, piece: str) -> tuple[Path, str]:
        """Where a name is defined: the file, and the line of it."""
        answer = self._ask("definition", piece)
        place = answer[0] if isinstance(answer, list) else answer
        path = Path(unquote(urlsplit(place["uri"]).path))
        return path, path.read_text().splitlines()[place["range"]["start"]["line"]].strip()

    def _ask(self, what: str, piece: str) -> Any:
        return self._server.request(
            f"textDocument/{what}",
            textDocument={"uri": self._uri}, position=self._position(piece),
        )  # fmt: skip

    def _position(self, piece: str) -> dict[str, int]:
        index = self.text.index(piece.replace("|", "")) + max(piece.find("|"), 0)
        before = self.text[:index]
        return {"line": before.count("\n"), "character": index - before.rfind("\n") - 1}


def _text(contents: Any) -> str:
    if isinstance(contents, list):
        return "\n".join(map(_text, contents))
    return str(contents if isinstance(contents, str) else contents["value"])
