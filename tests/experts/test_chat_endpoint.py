"""An endpoint against servers that answer, stall, err and lie, each in a thread of this process."""

from __future__ import annotations

import base64
import json
import logging
import re
import socket
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

import cv2
import numpy as np
import pytest

from spotdiff.contracts import ChatModel
from spotdiff.experts.chat_endpoint import ChatEndpoint
from spotdiff.experts.generation import Generation
from spotdiff.ops.frames import within
from spotdiff.types import Chat
from tests.fakes import noise

KEY = "sk-very-secret-0123456789"
pytestmark = pytest.mark.usefixtures("no_surroundings")


@pytest.fixture
def no_surroundings(monkeypatch):
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)


def _said(text: object, **more: object) -> dict:
    """An answer as servers send it."""
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": text},
    }
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [choice | more]}  # fmt: skip


class Server:
    """Answers by a rule: a status, a body and headers for each request."""

    def __init__(self, rule: Callable[[dict, int], tuple]) -> None:
        self.asked: list[dict] = []
        self.keys: list[str | None] = []
        self.busy = self.most = 0
        lock, outer = Lock(), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    outer.asked.append(body)
                    outer.keys.append(self.headers.get("Authorization"))
                    outer.busy += 1
                    outer.most = max(outer.most, outer.busy)
                    turn = len(outer.asked)
                status, answer, *headers = rule(body, turn)
                with lock:
                    outer.busy -= 1
                sent = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
                kind = "text/html" if isinstance(answer, str) else "application/json"
                named = {"Content-Type": kind, **dict(*headers)}
                try:
                    self.send_response(status)
                    for name, value in named.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(sent)))
                    self.end_headers()
                    self.wfile.write(sent)
                except OSError:  # who asked has left
                    return

            def log_message(self, *_):
                return

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(rule: Callable[[dict, int], tuple]) -> Server:
        started.append(Server(rule))
        return started[-1]

    yield start
    for server in started:
        server.http.shutdown()
        server.http.server_close()


def _question(body: dict) -> str:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else content[-1]["text"]


def _echo(body: dict, _turn: int) -> tuple:
    return 200, _said(f" It is {_question(body)}. \n")


CHATS = [Chat((f"question {number}",)) for number in range(9)]


def test_questions_are_answered_in_their_order_and_some_at_a_time(serve):
    def slow(body, turn):
        time.sleep(0.02 * (turn % 3))
        return _echo(body, turn)

    server = serve(slow)
    model: ChatModel = ChatEndpoint("m", base_url=server.url, at_once=3)
    assert [reply.text for reply in model(CHATS)] == [f"It is {c.parts[0]}." for c in CHATS]
    assert 1 < server.most <= 3
    assert model([]) == []


def test_a_question_arrives_with_its_pictures_its_system_and_its_settings(serve):
    server = serve(_echo)
    view, small = noise(0, 300, 500), noise(1, 20, 30)
    how = Generation(max_new_tokens=7, temperature=0.5, top_p=0.9, seed=3)
    model = ChatEndpoint("some/model", how, base_url=server.url, max_side=100)
    (reply,) = model([Chat((view, "between", small, "What?"), system="Be brief.")])
    assert reply.text == "It is What?."
    (body,) = server.asked
    told = {name: value for name, value in body.items() if name != "messages"}
    assert told == {"model": "some/model", "temperature": 0.5, "top_p": 0.9, "seed": 3,
                    "max_tokens": 7}  # fmt: skip
    model([Chat(("Again?",), seed=2**40 + 1)])
    assert server.asked[-1]["seed"] == 4
    system, user = body["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    kinds = [part["type"] for part in user["content"]]
    assert kinds == ["image_url", "text", "image_url", "text"]
    for part, wanted in zip(user["content"][::2], (within(view, 100), small), strict=True):
        kind, _, data = part["image_url"]["url"].partition(",")
        assert kind == "data:image/png;base64"
        raw = np.frombuffer(base64.b64decode(data), np.uint8)
        np.testing.assert_array_equal(cv2.imdecode(raw, cv2.IMREAD_COLOR)[..., ::-1], wanted)


def test_pictures_go_as_jpeg_and_lengths_by_another_name_where_that_is_asked_for(serve):
    server = serve(_echo)
    model = ChatEndpoint(
        "m", base_url=server.url, coding="jpeg", limit_name="max_completion_tokens"
    )
    model([Chat((noise(0), "What?"))])
    (body,) = server.asked
    assert body["messages"][0]["content"][0]["image_url"]["url"].startswith("data:image/jpeg;")
    assert set(body) == {"model", "messages", "max_completion_tokens"}  # no temperature: its own


def test_no_key_is_needed_where_none_is_asked_for_and_it_is_read_late(serve, monkeypatch):
    server = serve(_echo)
    model = ChatEndpoint("m", base_url=server.url, key_variable="MY_KEY")
    monkeypatch.setenv("MY_KEY", KEY)
    assert model(CHATS[:1])[0].text
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    assert ChatEndpoint("m")(CHATS[:1])[0].text
    assert server.keys == [f"Bearer {KEY}", "Bearer none"]


def test_openai_itself_is_not_asked_without_a_key():
    (reply,) = ChatEndpoint("gpt")(CHATS[:1])
    assert reply.text is None
    assert "a key is needed, and $OPENAI_API_KEY holds none" in reply.problem


def test_a_key_appears_nowhere_but_in_the_request(serve, monkeypatch, caplog):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    telling = serve(lambda *_: (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}))
    model = ChatEndpoint("m", base_url=telling.url, retries=0)
    (reply,) = model(CHATS[:1])
    assert model.choose(CHATS[:1], ["A", "B"]) == [None]
    assert "status 401" in reply.problem
    assert "Incorrect API key provided: …" in reply.problem
    assert telling.keys[0] == f"Bearer {KEY}"
    assert KEY not in f"{reply} {model.info} {caplog.text}"


@pytest.mark.parametrize("url", ["http://me:pass@127.0.0.1/v1", "http://h/v1?key=1", "127.0.0.1"])
def test_an_address_that_tells_secrets_or_is_none_is_refused(url):
    with pytest.raises(ValueError, match="Expected base_url"):
        ChatEndpoint("m", base_url=url)


def test_a_busy_server_is_asked_again_when_it_wishes(serve):
    def busy(body, turn):
        if turn == 1:
            return 429, {"error": {"message": "slow down"}}, {"Retry-After": "0.3"}
        return (500, {"error": {"message": "oops"}}) if turn == 2 else _echo(body, turn)

    server = serve(busy)
    start = time.monotonic()
    (reply,) = ChatEndpoint("m", base_url=server.url)(CHATS[:1])
    assert reply.text == "It is question 0."
    assert len(server.asked) == 3
    assert time.monotonic() - start >= 0.3


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, {"error": {"message": "the GPU is gone"}}), "status 500.*the GPU is gone"),
        ((400, {"error": {"message": "too long"}}), "status 400.*too long"),
        ((200, "<html>a page</html>"), "no chat completion: is the address right"),
        ((200, "{broken", {"Content-Type": "application/json"}), "cannot be read"),
        ((200, {}), "without choices"),
        ((200, [1]), "chat completion|without choices"),
        ((200, {"choices": []}), "without choices"),
        ((200, _said(None)), "without text, ended by 'stop'"),
        ((200, _said("  ")), "without text"),
        ((200, _said(None, finish_reason="content_filter")), "ended by 'content_filter'"),
        ((200, {"choices": [{"message": "hm"}]}), "without text"),
        ((200, {"choices": ["hm"]}), "without text"),
    ],
)
def test_an_error_or_a_lie_costs_only_its_own_question(serve, answer, words):
    server = serve(lambda body, turn: answer if "4" in _question(body) else _echo(body, turn))
    replies = ChatEndpoint("m", base_url=server.url, retries=0)(CHATS)
    assert [i for i, reply in enumerate(replies) if reply.text is None] == [4]
    assert server.url in replies[4].problem
    assert re.search(words, replies[4].problem), replies[4].problem


def test_a_server_that_stalls_is_given_up_soon_and_asked_no_more(serve):
    def stall(_body, _turn):
        time.sleep(0.4)
        return 200, _said("too late")

    server = serve(stall)
    model = ChatEndpoint("m", base_url=server.url, timeout=0.1, retries=0, at_once=2)
    start = time.monotonic()
    replies = model(CHATS * 20)
    assert time.monotonic() - start < 2
    assert len(server.asked) <= 4  # 3 failures, and one that was under way
    assert "no answer within 0.1 seconds, asked 1 times" in replies[0].problem
    assert "given up after 3 failures in a row, the last: no answer within" in replies[-1].problem
    assert all("given up" in reply.problem for reply in model(CHATS))


def test_no_server_at_all_is_said_at_once_for_all_questions():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    model = ChatEndpoint("m", base_url=f"http://127.0.0.1:{port}/v1", retries=1)
    replies = model(CHATS * 20)
    assert "the server cannot be reached, asked 2 times" in replies[0].problem
    assert "given up after 3 failures in a row" in replies[-1].problem


def test_a_server_that_is_back_is_asked_again_after_a_rest(serve):
    server = serve(lambda body, turn: _echo(body, turn) if turn > 3 else (503, {}))
    model = ChatEndpoint("m", base_url=server.url, retries=0, at_once=1)
    now = [0.0]
    model.server.patience.clock = lambda: now[0]
    assert [reply.text for reply in model(CHATS[:4])] == [None] * 4
    now[0] = 61
    assert all(reply.text for reply in model(CHATS))


def test_questions_of_bad_form_do_not_make_a_server_a_dead_one(serve):
    server = serve(lambda *_: (400, {"error": {"message": "no"}}))
    ChatEndpoint("m", base_url=server.url, retries=0)(CHATS)
    assert len(server.asked) == len(CHATS)


def _top(*tops: tuple[str, float]) -> dict:
    listed = [{"token": token, "logprob": float(np.log(p)), "bytes": None} for token, p in tops]
    return {"content": [{**listed[0], "top_logprobs": listed}]}


def test_a_choice_is_made_by_the_likeliest_first_tokens(serve):
    tops = _top((" Yes", 0.5), ("yes", 0.1), ("N", 0.2), ("**", 0.1), ("Maybe", 0.05))
    server = serve(lambda *_: (200, _said("Yes", logprobs=tops)))
    found = ChatEndpoint("m", base_url=server.url).choose(CHATS[:2], ["Yes", "No"])
    np.testing.assert_allclose(found, [[0.75, 0.25]] * 2, atol=1e-6)
    asked = server.asked[0]
    assert (asked["max_tokens"], asked["logprobs"], asked["temperature"]) == (1, True, 0)


@pytest.mark.parametrize(
    ("more", "words"),
    [({}, "does not tell how probable tokens are"),
     ({"logprobs": {"content": []}}, "does not tell how probable tokens are"),
     ({"logprobs": _top(("Well", 0.9))}, "none of the likeliest tokens .'Well'")],
)  # fmt: skip
def test_a_server_that_does_not_tell_probabilities_chooses_nothing(serve, caplog, more, words):
    server = serve(lambda *_: (200, _said("Yes", **more)))
    assert ChatEndpoint("m", base_url=server.url).choose(CHATS[:1], ["Yes", "No"]) == [None]
    assert words.replace(".'", "('") in caplog.text


def test_a_model_that_sees_nothing_is_shown_nothing(serve):
    server = serve(_echo)
    model = ChatEndpoint("blind", base_url=server.url, sees=False)
    seen, nothing, fine = model([Chat((noise(0), "What?")), Chat(()), CHATS[0]])
    assert seen.problem == "Expected texts for blind, which sees nothing, got a picture."
    assert nothing.problem == "Expected a question, got one without parts."
    assert fine.text
    assert len(server.asked) == 1


def test_the_identity_is_the_server_the_model_and_the_settings():
    def sha(model="m", generation=None, **options):
        return ChatEndpoint(
            model, generation, **{"base_url": "http://h:1/v1", **options}
        ).info.sha256

    same = {sha(), sha(timeout=3, retries=9, at_once=1), sha(base_url="http://h:1/v1/")}
    others = {
        sha("n"),
        sha(generation=Generation(9)),
        sha(base_url="http://i:1/v1"),
        sha(max_side=9),
    }
    assert len(same) == 1
    assert len(same | others) == 5
    assert ChatEndpoint("m", base_url="http://h:1/v1/").info.name == "m at http://h:1/v1"


def test_without_its_package_an_endpoint_says_what_to_install(monkeypatch):
    monkeypatch.setattr("spotdiff.experts.chat_server.find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r"pip install \"spotdiff\[endpoint\]\""):
        ChatEndpoint("m")


def test_beams_are_refused():
    with pytest.raises(ValueError, match="a server follows no beams"):
        ChatEndpoint("m", Generation(num_beams=2))
