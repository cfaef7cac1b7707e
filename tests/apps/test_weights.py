"""The catalogue, what is on this machine, and whether it is what it should be."""

import hashlib
import threading
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from spotdiff.apps.fetching import FetchError, fetch
from spotdiff.apps.places import shipped_checkpoint
from spotdiff.apps.weights import Verdict, check, location, recorded
from spotdiff.experts.catalogue import Weight, catalogue, named, place, weights_folder

BYTES = b"weights of a network" * 1000
SHA256 = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A machine without any weights; gives the folder of its hub cache."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("SPOTDIFF_WEIGHTS", str(tmp_path / "files"))
    return tmp_path / "hub"


def _file(**facts) -> Weight:
    facts = {"size": len(BYTES), "url": "http://nowhere.invalid/net.pt"} | facts
    return Weight("net.pt", code_licence="MIT", weight_licence="MIT", used_by="x=y", **facts)


def _hub() -> Weight:
    return Weight("someone/net", 20_000, "MIT", "MIT", "x=y")


def _put(weight: Weight, content: bytes = BYTES) -> Path:
    path = place(weight)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _cached(hub: Path, files: dict[str, bytes], revision: str = "c" * 40) -> Path:
    """Files of someone/net as the hub caches them: blobs named by their hash, links to them."""
    repo = hub / "models--someone--net"
    snapshot = repo / "snapshots" / revision
    (repo / "blobs").mkdir(parents=True, exist_ok=True)
    snapshot.mkdir(parents=True)
    for name, content in files.items():
        git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        large = name.endswith((".safetensors", ".bin"))
        blob = repo / "blobs" / (hashlib.sha256(content).hexdigest() if large else git)
        blob.write_bytes(content)
        (snapshot / name).parent.mkdir(exist_ok=True)
        (snapshot / name).symlink_to(blob)
    return snapshot


class _Giver(BaseHTTPRequestHandler):
    def __init__(self, content: bytes, promised: int, *args) -> None:
        self.content, self.promised = content, promised
        super().__init__(*args)

    def do_GET(self) -> None:
        self.send_response(200 if self.content else 404)
        self.send_header("Content-Length", str(self.promised))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def serving():
    """Serves bytes on this machine and gives their address."""
    servers = []

    def serve(content: bytes, promised: int | None = None) -> str:
        length = len(content) if promised is None else promised
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Giver, content, length))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/net.pt"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def _untold(done: int, total: int | None) -> None:
    del done, total


def test_the_catalogue_says_the_licence_and_the_user_of_everything():
    assert len(catalogue()) >= 9
    for weight in catalogue().values():
        assert weight.code_licence
        assert weight.weight_licence
        assert weight.used_by
        assert weight.size is None or weight.size > 1_000_000
        assert weight.on_hub == ("/" in weight.name)
        assert weight.sha256 is None or len(weight.sha256) == 64


def test_what_runs_through_ultralytics_is_agpl():
    found = {name for name, weight in catalogue().items() if "AGPL-3.0" in weight.code_licence}
    assert found == {"FastSAM-s.pt", "FastSAM-x.pt", "yolov8n.pt"}
    assert {catalogue()[name].weight_licence for name in found} == {"AGPL-3.0"}


def test_the_checkpoint_that_ships_is_the_one_of_the_catalogue():
    weight = named("spotdiff-small.ckpt")
    assert location(weight) == shipped_checkpoint()
    assert shipped_checkpoint().stat().st_size == weight.size
    assert check(weight).verdict is Verdict.GOOD


@pytest.mark.parametrize(
    "name", ["facebook/sam2.1-hiera-tiny", "sam2.1-hiera-tiny", "SAM2.1-Hiera-Tiny"]
)
def test_the_last_part_of_a_name_is_enough(name):
    assert named(name).name == "facebook/sam2.1-hiera-tiny"


def test_a_name_that_is_nearly_right_gets_the_right_one():
    with pytest.raises(ValueError, match=r"no weights 'FastSAM-m'.*Did you mean 'FastSAM-[sx].pt'"):
        named("FastSAM-m")


def test_a_name_like_no_other_gets_the_list():
    with pytest.raises(ValueError, match=r"Known: openai/clip-vit-base-patch32, "):
        named("zzzzzz")


def test_the_folder_of_files_can_be_chosen(here):
    assert weights_folder() == here.parent / "files"
    assert place(_file()) == here.parent / "files" / "net.pt"


def test_the_folder_of_files_is_in_the_cache_of_the_user(monkeypatch, tmp_path):
    monkeypatch.delenv("SPOTDIFF_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert weights_folder() == tmp_path / "spotdiff" / "weights"


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("weight", [_file(), _hub()], ids=["file", "hub"])
def test_absent_weights_are_nowhere(weight):
    assert location(weight) is None
    assert check(weight).verdict is Verdict.ABSENT


@pytest.mark.usefixtures("here")
def test_a_file_is_compared_with_the_catalogue():
    weight = _file(sha256=SHA256)
    path = _put(weight)
    assert check(weight).verdict is Verdict.GOOD
    path.write_bytes(BYTES[:-1])
    outcome = check(weight)
    assert outcome.verdict is Verdict.BAD
    assert f"the catalogue says {SHA256[:12]}" in outcome.reason


@pytest.mark.usefixtures("here")
def test_a_file_without_a_known_hash_is_compared_with_the_one_noted_when_fetched():
    weight = _file()
    path = _put(weight)
    assert check(weight).verdict is Verdict.UNKNOWN
    recorded(path).write_text(f"{SHA256}  net.pt\n")
    assert "noted when fetched" in check(weight).reason
    assert check(weight).verdict is Verdict.GOOD


def test_files_of_the_hub_are_compared_with_their_names(here):
    folder = _cached(here, {"config.json": b"{}", "model.safetensors": BYTES})
    assert location(_hub()) == folder
    assert check(_hub()).verdict is Verdict.GOOD
    assert check(_hub()).reason.startswith("2 files")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_changed_file_of_the_hub_is_bad(here, name):
    folder = _cached(here, {"config.json": b"{}", "model.safetensors": BYTES})
    (folder / name).resolve().write_bytes(b"other")
    outcome = check(_hub())
    assert outcome.verdict is Verdict.BAD
    assert str(folder / name) in outcome.reason


def test_a_cache_without_hashes_is_not_called_good(here):
    folder = _cached(here, {"config.json": b"{}", "model.safetensors": BYTES})
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").write_bytes(BYTES)  # how the hub caches without links
    assert check(_hub()).verdict is Verdict.UNKNOWN


def test_configuration_without_weights_is_absent(here):
    _cached(here, {"config.json": b"{}"})
    assert location(_hub()) is None


def test_weights_may_be_of_the_older_kind(here):
    folder = _cached(here, {"config.json": b"{}", "pytorch_model.bin": BYTES})
    assert location(_hub()) == folder


def test_the_version_that_main_means_is_taken(here):
    _cached(here, {"config.json": b"{}", "model.safetensors": b"old"}, "1" * 40)
    newer = _cached(here, {"config.json": b"{}", "model.safetensors": b"new"}, "2" * 40)
    refs = here / "models--someone--net" / "refs"
    refs.mkdir()
    (refs / "main").write_text("2" * 40)
    assert location(_hub()) == newer


@pytest.mark.usefixtures("here")
def test_a_file_is_fetched_with_its_hash_and_told_piece_by_piece(serving):
    weight = _file(url=serving(BYTES))
    told = []
    path = fetch(weight, lambda done, total: told.append((done, total)))
    assert path.read_bytes() == BYTES
    assert told[-1] == (len(BYTES), len(BYTES))
    assert recorded(path).read_text() == f"{SHA256}  net.pt\n"
    assert check(weight).verdict is Verdict.GOOD
    assert sorted(p.name for p in path.parent.iterdir()) == ["net.pt", "net.pt.sha256"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("facts", "sentence"),
    [({"size": 7}, "with bytes 7"), ({"sha256": "0" * 64}, "with sha256 0000")],
)
def test_a_wrong_file_is_not_kept(serving, facts, sentence):
    weight = _file(url=serving(BYTES), **facts)
    with pytest.raises(FetchError, match=sentence):
        fetch(weight, _untold)
    assert list(weights_folder().iterdir()) == []


@pytest.mark.usefixtures("here")
def test_a_failed_fetch_leaves_the_earlier_file(serving):
    weight = _file(url=serving(b"other"), sha256=SHA256)
    path = _put(weight)
    with pytest.raises(FetchError):
        fetch(weight, _untold)
    assert path.read_bytes() == BYTES


@pytest.mark.usefixtures("here")
def test_a_connection_that_breaks_off_is_one_sentence(serving):
    weight = _file(url=serving(BYTES, promised=len(BYTES) + 9))
    with pytest.raises(FetchError) as caught:
        fetch(weight, _untold)
    assert "\n" not in str(caught.value)
    assert list(weights_folder().iterdir()) == []


@pytest.mark.usefixtures("here")
def test_an_address_that_is_gone_is_one_sentence(serving):
    weight = _file(url=serving(b""))
    with pytest.raises(FetchError, match=r"cannot be reached: .*copy the file to .*net\.pt"):
        fetch(weight, _untold)


def test_the_hub_is_asked_for_no_more_than_is_needed(here, monkeypatch):
    asked = []

    def download(repo: str, allow_patterns: list[str]) -> None:
        asked.append(allow_patterns)
        if "pytorch_model*.bin" in allow_patterns:
            _cached(here, {"config.json": b"{}", "pytorch_model.bin": BYTES})
        assert repo == "someone/net"

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *_args, **_more: None)
    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert fetch(_hub(), _untold).name == "c" * 40
    assert ["*.safetensors" in patterns for patterns in asked] == [True, False]
    assert not any("*" in patterns or "*.bin" in patterns for patterns in asked)


def test_of_several_networks_only_the_named_files_are_asked_for(here, monkeypatch):
    asked = []

    def download(_repo: str, allow_patterns: list[str]) -> None:
        asked.append(allow_patterns)
        _cached(here, {"model_index.json": b"{}", "unet/net.fp16.safetensors": BYTES})

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *_args, **_more: None)
    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    weight = replace(_hub(), files="*/*.fp16.safetensors")
    assert fetch(weight, _untold).name == "c" * 40
    assert ["*/*.fp16.safetensors" in patterns for patterns in asked] == [True]
    assert "*.safetensors" not in asked[0]
    assert check(weight).verdict is Verdict.GOOD


@pytest.mark.usefixtures("here")
def test_a_hub_that_cannot_be_reached_is_one_sentence(monkeypatch):
    def gone(*_args, **_more) -> None:
        raise ConnectionError("Name or service not known.\nAnd more.")

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", gone)
    with pytest.raises(FetchError, match=r"cannot be reached: Name or service not known\. Try"):
        fetch(_hub(), _untold)


def test_what_ships_is_never_fetched():
    weight = Weight("x.ckpt", 1, "MIT", "MIT", "x=y", ships="checkpoints/x.ckpt")
    with pytest.raises(FetchError, match="comes with the package"):
        fetch(weight, _untold)
