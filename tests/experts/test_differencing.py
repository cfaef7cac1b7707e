"""Localisers that subtract: worked numbers, and the laws of a pair."""

import json
from dataclasses import replace

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from spotdiff.apps.loading import localizing
from spotdiff.contracts import ChangeLocalizer
from spotdiff.experts.differencing import PixelDifference, StructuralDissimilarity
from spotdiff.types import ChangeKind, Image, Pair
from tests.fakes import noise, noisy_pair, write_image

RULES = pytest.mark.parametrize("rule", [PixelDifference(), StructuralDissimilarity()])
CHANGED = list(ChangeKind).index(ChangeKind.CHANGED)


def _flat(*colour: int) -> Image:
    return np.full((32, 40, 3), colour, np.uint8)


def _with_a_square() -> Pair:
    """White on black, 20 x 20 px at column 30 and row 10 of after."""
    before = np.zeros((64, 96, 3), np.uint8)
    after = before.copy()
    after[10:30, 30:50] = 255
    return Pair("square", before, after)


def _heat(rule: ChangeLocalizer, pair: Pair) -> np.ndarray:
    return rule([pair])[0].heat[CHANGED]


def test_a_difference_is_the_root_of_the_mean_over_the_colours():
    pair = Pair("flat", _flat(10, 10, 10), _flat(10, 40, 70))
    np.testing.assert_allclose(_heat(PixelDifference(), pair), np.sqrt(30 / 255), rtol=1e-5)


def test_a_difference_is_blurred_by_a_gaussian_of_its_sigma():
    before = np.zeros((33, 33, 3), np.uint8)
    after = before.copy()
    after[16, 16] = 255
    for sigma in (1.0, 2.0):
        heat = _heat(PixelDifference(sigma), Pair("dot", before, after))
        weight = 1 / (2 * np.pi * sigma**2)
        assert heat[16, 16] == pytest.approx(np.sqrt(weight), rel=1e-3)
        beside = weight * np.exp(-(2**2) / (2 * sigma**2))
        assert heat[16, 18] == pytest.approx(np.sqrt(beside), rel=1e-3)


def test_the_largest_difference_there_can_be_is_one():
    heat = _heat(PixelDifference(), Pair("far", _flat(0, 0, 0), _flat(255, 255, 255)))
    assert heat.max() <= 1
    np.testing.assert_allclose(heat, 1, rtol=1e-5)


def test_ssim_of_flat_views_is_what_its_luminance_term_says():
    """Without variance only luminance is left: (2ab + c) / (a² + b² + c), c = (0.01 * 255)²."""
    pair = Pair("flat", _flat(100, 100, 100), _flat(50, 50, 50))
    similarity = (2 * 100 * 50 + 2.55**2) / (100**2 + 50**2 + 2.55**2)
    heat = _heat(StructuralDissimilarity(), pair)
    np.testing.assert_allclose(heat, (1 - similarity) / 2, rtol=1e-5)


def test_ssim_of_a_view_and_its_negative_is_above_a_half():
    view = np.repeat(noise(1)[..., :1], 3, axis=2)
    assert _heat(StructuralDissimilarity(), Pair("negative", view, 255 - view)).max() > 0.5


def test_ssim_has_gaussian_windows_of_its_sigma():
    pair = noisy_pair(0)
    grey = [np.repeat(view[..., :1], 3, axis=2) for view in (pair.before, pair.after)]
    for sigma in (1.5, 2.5):
        _, expected = structural_similarity(
            *(view[..., 0] for view in grey), full=True, gaussian_weights=True, sigma=sigma
        )
        heat = _heat(StructuralDissimilarity(sigma), Pair("grey", *grey))
        np.testing.assert_allclose(heat, ((1 - expected) / 2).clip(0, 1), atol=1e-6)


@RULES
def test_a_map_speaks_of_changed_alone_and_of_no_label(rule):
    (said,) = rule([noisy_pair(0)])
    assert said.heat.shape == (3, 64, 96)
    assert said.heat.dtype == np.float32
    others = [row for row in range(3) if row != CHANGED]
    assert not said.heat[others].any()
    assert 0 < said.heat[CHANGED].max() <= 1
    assert said.gates.tolist() == said.heat.max(axis=(1, 2)).tolist()
    assert said.vocabulary == ()
    assert said.label_scores.shape == (3, 0)
    assert said.labels_before.shape[0] == said.labels_after.shape[0] == 0


@RULES
def test_equal_views_are_cold_and_have_no_change(rule):
    view = noise(3)
    pair = Pair("same", view, view.copy())
    np.testing.assert_allclose(_heat(rule, pair), 0, atol=1e-6)
    result = localizing(rule, device="cpu").compare(view, view.copy())
    assert result.changes == ()
    assert result.change_score == pytest.approx(0, abs=1e-6)


@RULES
def test_exchanging_the_views_changes_nothing(rule):
    pair = noisy_pair(1)
    swapped = replace(pair, before=pair.after, after=pair.before)
    np.testing.assert_array_equal(_heat(rule, pair), _heat(rule, swapped))


@RULES
def test_mirrored_views_have_mirrored_heat(rule):
    pair = noisy_pair(2)
    mirrored = Pair("mirrored", pair.before[:, ::-1].copy(), pair.after[:, ::-1].copy())
    np.testing.assert_allclose(_heat(rule, mirrored), _heat(rule, pair)[:, ::-1], atol=1e-5)


@RULES
def test_a_pair_has_the_same_map_among_others(rule):
    pairs = [noisy_pair(0), noisy_pair(1, 48, 80)]
    together = rule(pairs)
    for pair, said in zip(pairs, together, strict=True):
        np.testing.assert_array_equal(said.heat, rule([pair])[0].heat)
    assert rule([]) == []


@RULES
def test_a_square_gets_a_box_at_the_rule_s_own_thresholds(rule):
    pair = _with_a_square()
    (change,) = localizing(rule, device="cpu").compare(pair.before, pair.after).changes
    assert change.kind is ChangeKind.CHANGED
    assert change.label is None
    assert change.box_before == change.box_after
    np.testing.assert_allclose(change.box_after, (30, 10, 50, 30), atol=5)


@RULES
def test_thresholds_lie_among_those_worth_trying(rule):
    assert rule.thresholds.min_heat in rule.heats
    assert list(rule.heats) == sorted(rule.heats)
    assert all(0 < heat < 1 for heat in rule.heats)


@RULES
def test_views_of_two_sizes_are_refused(rule):
    with pytest.raises(ValueError, match=r"views of pair 'p' in one frame, got \(64, 96\) and"):
        rule([Pair("p", noise(0), noise(1, 32, 96))])


def test_views_smaller_than_a_window_are_refused():
    small = noise(0, 8, 40)
    assert PixelDifference()([Pair("p", small, small)])[0].heat.shape == (3, 8, 40)
    with pytest.raises(ValueError, match=r"at least 11 px a side for SSIM, got pair 'p' of \(8,"):
        StructuralDissimilarity()([Pair("p", small, small)])


@pytest.mark.parametrize("rule", [PixelDifference, StructuralDissimilarity])
@pytest.mark.parametrize("sigma", [0.0, -1.0, float("nan")])
def test_a_sigma_that_is_none_is_refused(rule, sigma):
    with pytest.raises(ValueError, match="Expected sigma above 0 px"):
        rule(sigma)


def test_a_rule_is_known_by_its_settings():
    infos = {PixelDifference().info, PixelDifference(3.0).info, StructuralDissimilarity().info}
    assert len({info.sha256 for info in infos}) == 3
    assert PixelDifference().info == PixelDifference(2.0).info
    assert PixelDifference().info.name == "PixelDifference(sigma=2.0)"


@pytest.mark.parametrize("option", ["difference", "ssim"])
def test_prediction_answers_by_a_rule(option, program, tiny_checkpoint, tmp_path):
    pair = _with_a_square()
    for name, view in (("before", pair.before), ("after", pair.after)):
        write_image(tmp_path / name / "square.png", view)
    asked = [f"ckpt={tiny_checkpoint}", "device=cpu", "out=run", f"localizer={option}"]
    pairs = [f"before={tmp_path / 'before'}", f"after={tmp_path / 'after'}"]
    assert program("predict", *asked, *pairs) == 0
    (line,) = (tmp_path / "run" / "predictions.jsonl").read_text().splitlines()
    record = json.loads(line)
    assert "sigma" in record["model"]["name"]
    assert [change["kind"] for change in record["changes"]] == ["changed"]
    settings = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert settings["localizer"]["sigma"] == (2.0 if option == "difference" else 1.5)


def test_a_rule_and_difference_areas_cannot_both_answer(program, tiny_checkpoint, capsys):
    asked = [f"ckpt={tiny_checkpoint}", "out=run", "localizer=difference"]
    assert program("predict", *asked, "experiment=areas") != 0
    assert "Expected one way to answer, got areas and localizer" in capsys.readouterr().err
