"""Debian's Firefox, driven over WebDriver BiDi: just what a walk through the desk needs.

Playwright and the drivers of Selenium need commands that Firefox ESR lacks, or a geckodriver that Debian lacks. Firefox
itself speaks the protocol (https://w3c.github.io/webdriver-bidi/) on a WebSocket.
"""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.web.browser.conftest import PROVOKED

FIREFOX = "/usr/bin/firefox-esr"
PATIENCE = 60.0
LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
COARSE = 1
"""What a finger can do, as the preferences below say it: neither point exactly nor hover."""
PREFERENCES = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "intl.accept_languages": "en-GB",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
}

CONTROL = """async (role, name) => {
  const fields = "input, textarea, select, [role=textbox]";
  const selector = { button: "button", link: "a", field: fields, summary: "summary" }[role];
  const by = (e) => document.getElementById(e.getAttribute("aria-labelledby"));
  const label = (e) => by(e) || (e.labels && e.labels[0] ? e.labels[0] : e);
  const named = (e) => e.getAttribute("aria-label") || label(e).textContent;
  const found = [...document.querySelectorAll(selector)].find((e) =>
    e.checkVisibility() && !e.disabled && named(e).replace(/\\s+/g, " ").trim().startsWith(name));
  if (!found) { return null; }
  found.scrollIntoView({ block: "center" });
  const before = JSON.stringify(found.getBoundingClientRect());
  await new Promise((done) => setTimeout(done, 100));
  const box = found.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return JSON.stringify(box) === before && found.contains(top) ? found : null;
}"""
"""The first visible, enabled control of a role whose name begins like that, once it stands still and is not covered."""


class Firefox:
    """A window of the browser; `console` has its errors and warnings."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self.console: list[str] = []
        self._send("session.new", capabilities={})
        self._send("session.subscribe", events=["log.entryAdded"])
        tree = self._send("browsingContext.getTree")
        self._window: str = tree["contexts"][0]["context"]

    def size(self, width: int, height: int) -> None:
        """Set the size of the page in pixels."""
        viewport = {"width": width, "height": height}
        self._send("browsingContext.setViewport", context=self._window, viewport=viewport)

    def goto(self, url: str) -> None:
        """Open an address and wait until it is loaded."""
        self._send("browsingContext.navigate", context=self._window, url=url, wait="complete")

    def evaluate(self, function: str, *values: str) -> Any:
        """Call a function of JavaScript in the page, and return what it returns, by value or as a remote reference."""
        return self._call(function, *({"type": "string", "value": value} for value in values))

    def _call(self, function: str, *values: dict[str, Any]) -> Any:
        called = self._send(
            "script.callFunction",
            functionDeclaration=function,
            arguments=list(values),
            target={"context": self._window},
            awaitPromise=True,
            resultOwnership="root",
        )
        assert called["type"] == "success", called
        return called["result"]

    def see(self, text: str, selector: str = "body") -> None:
        """Wait until an element shows a text."""
        shown = "(selector, text) => [...document.querySelectorAll(selector)].some((e) => e.innerText.includes(text))"
        self.until(f"'{text}' in {selector}", lambda: self.evaluate(shown, selector, text)["value"] is True)

    def click(self, role: str, name: str) -> None:
        """Click the middle of a control with the mouse, once it is there."""
        element = self._control(role, name)
        origin = {"type": "element", "element": {"sharedId": element}}
        steps: list[dict[str, Any]] = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._act({"type": "pointer", "id": "mouse", "actions": steps})

    def type(self, name: str, text: str) -> None:
        """Replace what a field holds, key by key."""
        self.click("field", name)
        self.evaluate("() => document.activeElement.select && document.activeElement.select()")
        keys = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keyboard", "actions": keys})
        result = self.evaluate(
            "() => document.activeElement.closest('markdown-editor')?.querySelector('textarea').value"
            " ?? document.activeElement.value"
        )
        assert result.get("value") == text, f"'{name}' holds {result}"

    def fill(self, name: str, value: str) -> None:
        """Set the value of a field whose keys depend on the browser's language, such as a date."""
        element = {"sharedId": self._control("field", name)}
        self._call("(field, value) => { field.value = value; }", element, {"type": "string", "value": value})

    @property
    def url(self) -> str:
        """The address of the page."""
        return str(self.evaluate("() => location.href")["value"])

    def _control(self, role: str, name: str) -> str:
        found: list[str] = []

        def look() -> bool:
            result = self.evaluate(CONTROL, role, name)
            found.extend([result["sharedId"]] if result["type"] == "node" else [])
            return bool(found)

        self.until(f"{role} '{name}'", look)
        return found[0]

    def _act(self, source: dict[str, Any]) -> None:
        self._send("input.performActions", context=self._window, actions=[source])

    def until(self, wanted: str, condition: Callable[[], bool]) -> None:
        """Look again until a condition holds; a page that is just being replaced can't be asked."""
        deadline, shown = time.monotonic() + PATIENCE, ""
        while time.monotonic() < deadline:
            try:
                if condition():
                    return
            except ProtocolError as e:
                shown = str(e)
            time.sleep(0.05)
        raise AssertionError(f"not there after {PATIENCE:.0f} s on {self.url}: {wanted} {shown}")

    def _send(self, method: str, **params: Any) -> Any:
        """Send a command and wait for its answer; entries of the console that come before it are kept."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            received = json.loads(self._socket.recv(timeout=PATIENCE))
            if received.get("method") == "log.entryAdded":
                self._note(received["params"])
            elif received.get("id") == self._number:
                if received["type"] == "error":
                    raise ProtocolError(f"{method}: {received['error']}: {received['message']}")
                return received["result"]

    def _note(self, entry: dict[str, Any]) -> None:
        if entry["level"] in ("error", "warn") and not PROVOKED.match(entry["text"]):
            self.console.append(f"{entry['level']}: {entry['text']}")


class ProtocolError(Exception):
    """Firefox could not carry out a command."""


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """Start Firefox without a window, with a touch screen and a new profile; it ends with the block."""
    profile, said = folder / "profile", folder / "firefox.txt"
    profile.mkdir()
    preferences = {**PREFERENCES, "ui.primaryPointerCapabilities": COARSE, "ui.allPointerCapabilities": COARSE}
    lines = (f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in preferences.items())
    (profile / "user.js").write_text("".join(lines), encoding="utf-8")
    command = [FIREFOX, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    with said.open("w") as out:
        process = subprocess.Popen([*command, "about:blank"], stdout=out, stderr=out)
    try:
        with connect(f"{_address(said, process)}/session", max_size=None) as socket:
            yield Firefox(socket)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def _address(said: Path, process: "subprocess.Popen[bytes]") -> str:
    """Return the address of the WebSocket, once Firefox has written it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if found := LISTENING.search(said.read_text(errors="replace")):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"Firefox did not start: {said.read_text(errors='replace')}")
