"""The region head: windows, what it reads, and the laws of a pair."""

import pytest
import torch

from spotdiff.models.regions import RegionHead, cut, label_probabilities, windows
from tests.fakes import noise, tiny_network

LABELS = ("open", "short", "spur")


def _views(count: int = 4, side: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.rand(count, 3, side, side), torch.rand(count, 3, side, side)


def _head(**options: object) -> RegionHead:
    torch.manual_seed(1)
    return RegionHead(LABELS, side=32, width=8, **options).eval()  # type: ignore[arg-type]


def test_a_head_that_knows_no_order_says_the_same_when_the_views_are_exchanged():
    before, after = _views()
    head = _head()
    torch.testing.assert_close(head(before, after), head(after, before))


def test_a_directed_head_tells_the_views_apart():
    before, after = _views()
    head = _head(directed=True)
    assert (head(before, after) - head(after, before)).abs().max() > 1e-3


def test_what_has_no_right_way_up_is_read_the_same_in_every_way():
    net = tiny_network(0)
    before, after = _views()
    turned = before.flip(-1).rot90(1, (-2, -1)), after.flip(-1).rot90(1, (-2, -1))
    net.regions = _head(directed=True, upright=False)
    said = net.region_logits(before, after, averaged=True)
    torch.testing.assert_close(net.region_logits(*turned, averaged=True), said)
    assert (net.region_logits(*turned) - net.region_logits(before, after)).abs().max() > 1e-3
    net.regions = _head(directed=True)
    once = net.region_logits(before, after)
    torch.testing.assert_close(net.region_logits(before, after, averaged=True), once)


def test_a_region_is_read_alone_whatever_else_is_in_the_batch():
    before, after = _views()
    head = _head(directed=True)
    torch.testing.assert_close(head(before, after)[2:3], head(before[2:3], after[2:3]))


def test_maps_of_a_pyramid_are_read_where_the_head_asks_for_them():
    before, after = _views()
    head = _head(semantic=(5, 7))
    maps = [torch.rand(8, 5, 4, 4), torch.rand(8, 7, 2, 2)]
    said = head(before, after, maps)
    assert said.shape == (4, len(LABELS))
    assert (said - head(before, after, [2 * m for m in maps])).abs().max() > 1e-3
    with pytest.raises(ValueError, match="zip"):
        head(before, after)


def test_probabilities_leave_room_for_none_of_the_labels():
    found = label_probabilities(torch.tensor([[0.0, 0.0, 0.0], [-40.0, -40.0, -40.0]]))
    torch.testing.assert_close(found[0], torch.full((4,), 0.25))
    assert found[1, -1] > 0.999


def test_a_window_holds_the_box_in_its_middle_and_is_not_resampled_at_its_least_size():
    image = torch.from_numpy(noise(3, 96, 128)).permute(2, 0, 1)
    box = torch.tensor([[40.0, 30.0, 48.0, 42.0]])
    assert windows(box).tolist() == [[12.0, 4.0, 76.0, 68.0]]
    torch.testing.assert_close(cut(image, box, 64)[0], image[:, 4:68, 12:76].float())


def test_what_lies_outside_of_the_picture_is_black():
    image = torch.full((3, 64, 64), 200, dtype=torch.uint8)
    found = cut(image, torch.tensor([[0.0, 0.0, 8.0, 8.0]]), 64)
    assert found[0, :, 0, 0].tolist() == [0, 0, 0]
    assert found[0, :, 32, 32].tolist() == [200, 200, 200]


@pytest.mark.parametrize("wrong", [{"side": 40}, {"semantic": (5,)}])
def test_a_head_that_cannot_be_built_says_why(wrong):
    with pytest.raises(ValueError, match="Expected"):
        RegionHead(LABELS, **wrong)
