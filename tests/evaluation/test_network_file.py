"""A network from a file and its weights."""

import pytest
import torch

from spotdiff.evaluation.network_file import NetworkFile
from spotdiff.types import Pair
from tests.fakes import noise

SOURCE = """
from __future__ import annotations
from dataclasses import dataclass
from pathlib import Path
import torch

NAME = Path("name.txt").read_text()  # found only where the file itself lies

@dataclass
class Settings:  # looks its module up by name
    steps: int = 1

class Differs(torch.nn.Module):
    def __init__(self{argument}):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.zeros(1))

    def forward(self, before, after):
        assert before.shape[-1] % 32 == before.shape[-2] % 32 == 0
        return self.scale * (after - before).abs().mean(dim=1, keepdim=True) - 2
"""


@pytest.fixture(params=["", ", weights='imagenet'"])
def network(tmp_path, request):
    (tmp_path / "net.py").write_text(SOURCE.replace("{argument}", request.param))
    (tmp_path / "name.txt").write_text("differs")
    torch.save({"scale": torch.tensor([8.0])}, tmp_path / "net.pt")
    return NetworkFile(f"{tmp_path / 'net.py'}:Differs", tmp_path / "net.pt")


def test_its_heat_lies_in_the_channel_of_changed_in_the_frame_of_the_pair(network):
    pair = Pair("p", noise(0, 40, 50), noise(1, 40, 50))
    (found,) = network([pair])
    assert found.heat.shape == (3, 40, 50)
    assert not found.heat[:2].any()
    assert found.gates[2] == found.heat[2].max()
    step = torch.from_numpy((pair.after.astype(float) - pair.before) / 127.5).abs().mean(dim=2)
    torch.testing.assert_close(
        torch.from_numpy(found.heat[2]), torch.sigmoid(8 * step - 2).float(), atol=1e-5, rtol=0
    )


def test_equal_views_are_as_cold_as_the_network_gets(network):
    image = noise(0, 40, 50)
    (found,) = network([Pair("p", image, image)])
    assert found.heat[2].max() == pytest.approx(float(torch.sigmoid(torch.tensor(-2.0))))


def test_a_missing_file_or_class_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"Expected a Python file .* got .*nothing.py:Net"):
        NetworkFile(f"{tmp_path / 'nothing.py'}:Net", tmp_path / "w.pt")
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(ValueError, match=r"Expected a class 'Net' in .*empty\.py"):
        NetworkFile(f"{tmp_path / 'empty.py'}:Net", tmp_path / "w.pt")
