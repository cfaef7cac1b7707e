"""Devices by their names, and one sentence for those that are not there."""

import pytest
import torch

from spotdiff.apps.loading import device_named


@pytest.fixture
def machine(monkeypatch):
    def has(cards):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cards > 0)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    return has


@pytest.mark.parametrize(
    ("name", "cards", "found"),
    [("auto", 0, "cpu"), ("auto", 1, "cuda"), ("cuda:1", 2, "cuda:1"), ("cpu", 1, "cpu")],
)
def test_a_device_that_is_there_is_found(machine, name, cards, found):
    machine(cards)
    assert device_named(name) == torch.device(found)


@pytest.mark.parametrize(
    ("name", "cards", "said"),
    [
        ("cuda", 0, "got 'cuda', of whose kind torch can use 0"),
        ("cuda:1", 1, "got 'cuda:1', of whose kind torch can use 1"),
        ("mps", 1, "got 'mps'"),
        ("gpu", 1, "one like auto, cpu, cuda, cuda:1 or mps, got 'gpu'"),
    ],
)
def test_one_that_is_not_is_refused_in_a_sentence(machine, name, cards, said):
    machine(cards)
    with pytest.raises(ValueError, match=said) as told:
        device_named(name)
    assert "\n" not in str(told.value)
