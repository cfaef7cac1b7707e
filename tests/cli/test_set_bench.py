"""Chat models by their settings, servers that die, and a benchmark in one run that goes on."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

import pytest

from spotdiff.evaluation.set_sweep import read_results
from spotdiff.writers.set_reports import read_reports
from tests.set_world import picture, write_image

LISTED = "Sure:\n1. a red car\n2. 'a street'\n3. A red car"


class Server:
    """Answers as chat servers do; after `dies_after` questions it errs, stalls or lies."""

    def __init__(self, dies_after: int = 10**9) -> None:
        self.dies_after, self.asked = dies_after, 0
        lock, outer = Lock(), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    outer.asked += 1
                    dead = outer.asked > outer.dies_after
                told = json.dumps(outer.answer(body)).encode()
                sent = [told, b"<html>gone</html>", b"{"][outer.asked % 2 + 1 if dead else 0]
                self.send_response(500 if dead and outer.asked % 3 == 0 else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_):
                return

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, body: dict) -> dict:
        asked = str(body["messages"][-1]["content"])
        graded = "Grade what was said" in asked
        text = ("2" if "red" in asked.split("truer of group A:")[1] else "1") if graded else LISTED
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant"}}
        choice["message"]["content"] = text
        if body.get("logprobs"):
            *_, caption, idea, _ = asked.splitlines()
            words = idea.removeprefix("Idea: a ")
            yes = -0.1 if words in caption else -3.0
            tops = [{"token": "Yes", "logprob": yes}, {"token": "No", "logprob": -3.1 - yes}]
            first = {"token": "Yes", "logprob": yes, "top_logprobs": tops}
            choice["logprobs"] = {"content": [first]}
        return {"id": "1", "object": "chat.completion", "created": 1, "model": "m",
                "choices": [choice]}  # fmt: skip


@pytest.fixture
def serve(monkeypatch):
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    started: list[Server] = []

    def start(dies_after: int = 10**9) -> Server:
        started.append(Server(dies_after))
        return started[-1]

    yield start
    for server in started:
        server.http.shutdown()
        server.http.server_close()


def _words(server: Server) -> list[str]:
    return [
        "chat_model=endpoint", "chat_model.model=m", f"chat_model.base_url={server.url}",
        "chat_model.retries=0", "~proposers.attributes", "~rankers.attributes", "rounds=2",
        "+set_proposer@proposers.chat=chat", "+set_ranker@rankers.said=chat_captions",
        "image_captioner=blip", "page=false", "workers=1", "device=cpu", "cache=cache",
    ]  # fmt: skip


@pytest.fixture
def captioned(monkeypatch):
    """A captioner that needs no weights takes the place of BLIP."""
    from spotdiff.cli import describers
    from tests.set_world import FakeCaptioner

    made = describers.made

    def instead(node, experts):
        if node is not None and str(node.get("_target_", "")).endswith(
            "BlipCaptioner.from_pretrained"
        ):
            return FakeCaptioner()
        return made(node, experts)

    monkeypatch.setattr(describers, "made", instead)


def _pictures(folder: Path, name: str, thing: str) -> list[str]:
    return [
        str(write_image(folder / name / f"{i}.png", picture(thing, i)).relative_to(folder))
        for i in range(6)
    ]


@pytest.fixture
def bench(tmp_path):
    """Two pairs of sets of the easy part."""
    lines = []
    for number in range(2):
        images = [
            _pictures(tmp_path / "bench", f"easy/{number}/{side}", thing)
            for side, thing in (("a", "red car"), ("b", "blue dog"))
        ]
        told = {"set1": "red cars", "set2": "blue dogs", "difference": "red cars"}
        told |= {"set1_images": images[0], "set2_images": images[1]}
        lines.append(json.dumps(told))
    (tmp_path / "bench" / "easy.jsonl").write_text("\n".join(lines))
    return tmp_path


@pytest.mark.usefixtures("captioned")
def test_an_endpoint_proposes_and_ranks_and_a_second_run_asks_nothing(program, bench, serve):
    server = serve()
    words = ["a=bench/easy/0/a", "b=bench/easy/0/b", *_words(server)]
    assert program("describe", *words, "out=run") == 0
    (report,) = read_reports(bench / "run" / "report.json")
    assert report.ranked[0].hypothesis.text == "a red car"
    assert report.ranked[0].auroc == 1.0
    assert {one.hypothesis.text for one in report.ranked} == {"a red car", "a street"}
    asked = server.asked
    assert program("describe", *words, "out=again") == 0
    assert server.asked == asked
    assert read_reports(bench / "again" / "report.json") == [report]


@pytest.mark.usefixtures("captioned")
def test_a_benchmark_is_one_run_that_goes_on_after_its_server_died(program, bench, serve, capsys):
    server = serve(dies_after=3)
    words = ["bench=bench", "out=run", "set_judge=chat"]
    assert program("describe", *words, *_words(server)) > 0
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    assert f"{server.url}: " in told.err
    assert "| easy |" in told.out
    records = bench / "run" / "sets.jsonl"
    first = read_results(records)
    assert len(first) == 2
    assert not any(one.complete for one in first.values())
    server.dies_after, asked = 10**9, server.asked
    assert program("describe", *words, *_words(server)) == 0
    results = list(read_results(records).values())
    assert {one.settings for one in (*results, *first.values())} == {results[0].settings}
    fresh = serve()
    assert program("describe", "bench=bench", "out=fresh", "set_judge=chat",
                   *_words(fresh), "cache=fresh/cache") == 0  # fmt: skip
    assert server.asked - asked == fresh.asked - 3  # what was answered is not asked again
    assert [one.complete for one in results] == [True, True]
    assert [one.accuracy.at_1 for one in results] == [1.0, 1.0]
    assert results[0].grades == (2, 1)
    metrics = json.loads((bench / "run" / "metrics.json").read_text())
    assert metrics["values"]["easy"]["acc@1"][0] == 1.0
    assert "| easy | 2 | 1.000 (1.000 to 1.000) |" in (bench / "run" / "tables.md").read_text()
    asked = server.asked
    assert program("describe", *words, *_words(server)) == 0
    assert server.asked == asked


def test_what_needs_no_model_is_graded_by_words(program, bench, capsys):
    words = ["bench=bench", "out=run", "set_judge=words", "limit=1", "cache=null", "workers=1"]
    assert program("describe", *words) == 0
    assert "| easy | 1 | 0.000 |" in capsys.readouterr().out
    assert len((bench / "run" / "sets.jsonl").read_text().splitlines()) == 1


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["bench=bench", "a=x"], "Expected bench=DIR alone"),
        (["bench=bnch"], "Did you mean bench?"),
        (["bench=bench/easy"], "Expected the files of VisDiffBench"),
        (["bench=bench", "set_judge=chat"], "Expected chat_model for ChatJudge"),
        (
            ["bench=bench", "+set_ranker@rankers.clip=clip"],
            "Expected image_text for TextRanker, there is none: add image_text=",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(program, capsys, words, sentence):
    assert program("describe", *words, "out=run") == 64
    told = capsys.readouterr().err
    assert sentence in told
    assert "Traceback" not in told
