"""How two views look at each other."""

import torch

from spotdiff.models.fusion import LocalCorrelation, TwoWayAttention


def _correlation(radius: int = 2) -> LocalCorrelation:
    """A correlation that compares the channels as they come."""
    correlation = LocalCorrelation(8, width=8, radius=radius)
    with torch.no_grad():
        correlation.project.weight.copy_(torch.eye(8)[..., None, None])
        correlation.project.bias.zero_()
    return correlation


def test_the_centre_of_the_correlation_of_equal_maps_is_one():
    torch.manual_seed(0)
    maps = torch.randn(2, 8, 6, 7)
    cosines = LocalCorrelation(8)(maps, maps)
    assert cosines.shape == (2, 25, 6, 7)
    torch.testing.assert_close(cosines[:, 12], torch.ones(2, 6, 7))


def test_a_shift_by_one_cell_puts_the_ridge_one_off():
    torch.manual_seed(0)
    here = torch.randn(1, 8, 6, 7)
    there = here.roll(1, dims=-1)  # what here shows at x, there shows at x + 1
    cosines = _correlation()(here, there)
    torch.testing.assert_close(cosines[:, 13, :, :-1], torch.ones(1, 6, 6))
    assert (cosines.argmax(dim=1)[:, :, :-1] == 13).all()


def test_a_shift_down_is_found_in_the_next_row_of_the_neighbourhood():
    torch.manual_seed(0)
    here = torch.randn(1, 8, 6, 7)
    cosines = _correlation(radius=1)(here, here.roll(1, dims=-2))
    assert (cosines.argmax(dim=1)[:, :-1] == 7).all()


def test_cosines_lie_between_minus_one_and_one():
    torch.manual_seed(1)
    cosines = LocalCorrelation(8)(torch.randn(1, 8, 5, 5) * 1e3, torch.randn(1, 8, 5, 5) * 1e-3)
    assert cosines.abs().max() <= 1 + 1e-5


def test_outside_the_image_there_is_nothing_alike():
    cosines = _correlation(radius=1)(torch.ones(1, 8, 2, 2), torch.ones(1, 8, 2, 2))
    assert cosines[0, 0, 0, 0] == 0  # up and left of the corner


def test_attention_keeps_the_grid_and_gives_its_width():
    attention = TwoWayAttention(channels=10, width=16, heads=4)
    assert attention(torch.randn(2, 10, 3, 5), torch.randn(2, 10, 3, 5)).shape == (2, 16, 3, 5)


def test_each_pair_of_a_batch_is_looked_at_by_itself():
    torch.manual_seed(0)
    attention = TwoWayAttention(10, 16).eval()
    here, there = torch.randn(3, 10, 4, 4), torch.randn(3, 10, 4, 4)
    alone = attention(here[1:2], there[1:2])
    torch.testing.assert_close(attention(here, there)[1:2], alone, rtol=1e-4, atol=1e-5)


def test_the_order_of_what_is_there_does_not_matter():
    torch.manual_seed(0)
    attention = TwoWayAttention(10, 16).eval()
    here, there = torch.randn(1, 10, 4, 4), torch.randn(1, 10, 4, 4)
    shuffled = there.flatten(2)[..., torch.randperm(16)].reshape(there.shape)
    torch.testing.assert_close(attention(here, there), attention(here, shuffled))


def test_a_view_without_texture_is_rebuilt_without_a_rest():
    attention = TwoWayAttention(4, 8).eval()
    flat = torch.randn(1, 4, 1, 1).expand(1, 4, 3, 3)
    with torch.no_grad():  # reads the difference alone
        attention.out.weight.zero_()
        attention.out.weight[:, 16:] = torch.eye(8)[..., None, None]
        attention.out.bias.zero_()
    torch.testing.assert_close(attention(flat, flat), torch.zeros(1, 8, 3, 3), atol=1e-5, rtol=0)
