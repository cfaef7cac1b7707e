"""Pairs by a tiny SDXL: what after takes from before, for how long, and that nothing else moves."""

import json
import shutil

import numpy as np
import pytest
import torch

from spotdiff.experts import attention_control
from spotdiff.experts.catalogue import WeightsMissing
from spotdiff.experts.prompt_edits import Edit
from spotdiff.experts.prompt_to_prompt import PromptToPrompt
from spotdiff.types import ModelInfo
from tests.tiny_diffusion import SIDE, WINDOW, tiny_sdxl

CAT, DOG = "a cat on the mat", "a red dog on the mat"
OTHERS = [("a fluffy cat", "a dog with the hat on"), ("a green mat", "the grass, a hat")]
PLAIN = Edit(cross_share=0, self_share=0)
LAYERS = 7  # with cross-attention


def _synthesizer(edit=None, *, turbo=False, steps=4, batch_size=1) -> PromptToPrompt:
    return PromptToPrompt(
        tiny_sdxl(turbo=turbo),
        ModelInfo("tiny", "0" * 64),
        edit=edit,
        steps=steps,
        guidance=0.0 if turbo else 7.5,
        side=SIDE,
        batch_size=batch_size,
    )


def _draw(before=CAT, after=DOG, edit=None, seed=1, **more):
    return _synthesizer(edit, **more)([(before, after)], [seed])[0]


def _differ(image, other) -> float:
    assert image.shape == (SIDE, SIDE, 3)
    return float(np.abs(image.astype(int) - other).mean())


@pytest.fixture
def maps(monkeypatch):
    """Every call of the function that edits maps: those of before and after, and what came out."""
    seen = []

    def seeing(before, after, flow, factors):
        found = taken(before, after, flow, factors)
        seen.append((before.clone(), after.clone(), found.clone()))
        return found

    taken = attention_control.taken_maps
    monkeypatch.setattr(attention_control, "taken_maps", seeing)
    return seen


@pytest.mark.parametrize("turbo", [False, True])
def test_equal_prompts_give_equal_pictures_and_others_differ(turbo):
    before, after = _draw(CAT, CAT, turbo=turbo)
    np.testing.assert_array_equal(before, after)
    before, after = _draw(turbo=turbo)
    assert _differ(before, after) > 2


@pytest.mark.parametrize("turbo", [False, True])
@pytest.mark.parametrize("edit", [PLAIN, None])
def test_before_is_what_the_pipeline_draws_alone_and_so_is_after_without_strength(turbo, edit):
    expert = _synthesizer(edit, turbo=turbo)
    found = expert([(CAT, DOG)], [7])[0]
    for view, prompt in zip(found, (CAT, DOG), strict=True):
        alone = expert.pipeline(
            prompt,
            num_inference_steps=4,
            guidance_scale=expert.guidance,
            generator=torch.Generator().manual_seed(7),
            height=SIDE,
            width=SIDE,
            output_type="np",
        ).images[0]
        near = np.abs(view - alone * 255).max() < 0.51
        assert near == (edit is PLAIN or prompt == CAT)


def test_the_layers_have_their_own_processors_afterwards_whatever_happened():
    expert = _synthesizer()
    plain = expert.pipeline.unet.attn_processors
    expert([(CAT, DOG)], [1])
    with pytest.raises(ValueError, match="divisible by 8"):
        PromptToPrompt(expert.pipeline, expert.info, side=SIDE + 1)([(CAT, DOG)], [1])
    assert expert.pipeline.unet.attn_processors == plain


def test_a_pair_is_drawn_as_if_it_were_alone_with_its_own_seed_and_strengths():
    pairs = [(CAT, DOG), *OTHERS]
    edits = [Edit(blend=0.3), Edit(cross_share=0.5, self_share=1), PLAIN]
    seeds = [3, 4, 5]
    together = _synthesizer(batch_size=3)(pairs, seeds, edits)
    for pair, seed, edit, views in zip(pairs, seeds, edits, together, strict=True):
        for view, own in zip(views, _draw(*pair, edit, seed), strict=True):
            assert _differ(view, own) < 0.1
    assert _differ(together[0][0], _draw(seed=4)[0]) > 2


def test_seeds_repeat_and_are_all_that_is_random():
    torch.manual_seed(1)
    first = _draw(seed=11)
    torch.manual_seed(2)
    again, other = _draw(seed=11), _draw(seed=12)
    np.testing.assert_array_equal(first, again)
    assert _differ(first[0], other[0]) > 2


def test_aligned_tokens_take_the_maps_of_before_and_new_ones_keep_theirs(maps):
    _draw(steps=2)
    # start, a, cat, on, the, mat, end against start, a, red, dog, on, the, mat, end
    sources = {0: 0, 1: 1, 4: 3, 5: 4, 6: 5, 7: 6, 9: 9}
    assert len(maps) == 2 * LAYERS
    for before, after, found in maps:
        torch.testing.assert_close(before.sum(-1), torch.ones(before.shape[:-1]))
        for column, source in sources.items():
            torch.testing.assert_close(found[..., column], before[..., source])
        for new in (2, 3):
            torch.testing.assert_close(found[..., new], after[..., new])
    assert not torch.equal(maps[-1][0][..., 1], maps[-1][1][..., 1])


def test_maps_are_taken_in_the_first_share_of_the_steps_and_not_made_later(maps):
    expert = _synthesizer(Edit(cross_share=0.5, self_share=0), steps=4)
    expert([(CAT, DOG)], [1])
    half = len(maps)
    maps.clear()
    _synthesizer(Edit(self_share=0), steps=4)([(CAT, DOG)], [1])
    assert 2 * half == len(maps)
    maps.clear()
    _synthesizer(PLAIN)([(CAT, DOG)], [1])
    assert maps == []


def test_words_are_replaced_one_by_one(maps):
    _draw("a cat on", "a dogs on", Edit("replace"), steps=1)
    for before, _, found in maps:
        for token in (2, 3, 4):  # do, g and s share what the cat got
            torch.testing.assert_close(found[..., token], before[..., 2] / 3)
        torch.testing.assert_close(found[..., 5], before[..., 3])


def test_a_factor_changes_the_column_of_its_word_alone(maps):
    before, after = _draw(CAT, CAT + ", a hat", Edit(factors={"Mat": 2.5, "unsaid": 9}), steps=2)
    assert _differ(before, after) > 0
    for _, _, found in maps[: len(maps) // 2]:
        assert found.shape[-1] == WINDOW
    first, _, found = maps[0]
    torch.testing.assert_close(found[..., 5], 2.5 * first[..., 5])
    torch.testing.assert_close(found[..., :5], first[..., :5])
    assert _differ(_draw(CAT, CAT, Edit(factors={"unsaid": 9}))[1], _draw(CAT, CAT)[0]) == 0


def _predictions(edit, turbo) -> list[torch.Tensor]:
    """What the denoiser says at every step."""
    expert = _synthesizer(edit, turbo=turbo)
    seen = []
    hook = expert.pipeline.unet.register_forward_hook(lambda *call: seen.append(call[2][0].clone()))
    expert([(CAT, DOG)], [1])
    hook.remove()
    return seen


def test_only_the_half_with_a_prompt_is_touched():
    plain, edited = _predictions(PLAIN, False)[0], _predictions(Edit(self_share=1), False)[0]
    assert len(plain) == 4
    torch.testing.assert_close(plain[:2], edited[:2])
    torch.testing.assert_close(plain[2], edited[2])
    assert (plain[3] - edited[3]).abs().mean() > 0.01


def test_without_guidance_there_is_no_other_half():
    plain, edited = _predictions(PLAIN, True)[0], _predictions(None, True)[0]
    assert len(plain) == len(edited) == 2
    torch.testing.assert_close(plain[0], edited[0])
    assert (plain[1] - edited[1]).abs().mean() > 0.01


@pytest.mark.parametrize(("largest", "small"), [(64, {64, 16}), (63, {16}), (15, set())])
def test_self_attention_is_taken_first_and_only_where_maps_are_small(monkeypatch, largest, small):
    seen: list[tuple[int, int]] = []
    controls: list[attention_control.AttentionControl] = []

    class Watched(attention_control.AttentionControl):
        def __init__(self, *given):
            super().__init__(*given)
            controls.append(self)

    def copying(attn, states):
        seen.append((controls[-1].step, states.shape[1]))
        return copied(attn, states)

    copied = attention_control._copied
    monkeypatch.setattr("spotdiff.experts.prompt_to_prompt.AttentionControl", Watched)
    monkeypatch.setattr(attention_control, "_copied", copying)
    _draw(edit=Edit(self_positions=largest), steps=5)
    assert {positions for _, positions in seen} == small
    assert {step for step, _ in seen} == ({0, 1} if small else set())


def test_self_attention_has_the_maps_of_before_and_the_values_of_after():
    torch.manual_seed(0)
    layer = _synthesizer().pipeline.unet.mid_block.attentions[0].transformer_blocks[0].attn1
    before, after = torch.randn(2, 1, 9, layer.to_q.in_features)
    found = attention_control._copied(layer, torch.cat([before, after]))
    query, key, value = layer.to_q(before), layer.to_k(before), layer.to_v(after)
    heads = [
        (one @ other.transpose(1, 2) * layer.scale).softmax(-1) @ mine
        for one, other, mine in zip(
            *(part.chunk(layer.heads, -1) for part in (query, key, value)), strict=True
        )
    ]
    torch.testing.assert_close(found[1:], layer.to_out[0](torch.cat(heads, -1)))
    torch.testing.assert_close(found[:1], layer(before))


def test_a_blend_keeps_before_where_nobody_attends_to_what_differs():
    latents, heat = torch.randn(2, 4, 2, 2), torch.zeros(2, 2, 2)
    torch.testing.assert_close(attention_control.blended(latents, heat, 0.3)[1], latents[0])
    heat[0, 0, 0], heat[1, 1, 1], heat[1, 0, 1] = 2.0, 9.0, 2.0
    found = attention_control.blended(latents, heat, 0.3)
    torch.testing.assert_close(found[0], latents[0])
    torch.testing.assert_close(found[1, :, [0, 1], [0, 1]], latents[1, :, [0, 1], [0, 1]])
    torch.testing.assert_close(found[1, :, [0, 1], [1, 0]], latents[0, :, [0, 1], [1, 0]])


def test_a_blend_makes_pictures_more_alike_and_maps_are_kept_for_it_alone(monkeypatch):
    kept = []
    monkeypatch.setattr(
        attention_control.AttentionControl,
        "_heat",
        lambda self, _maps, words: kept.append(words.sum().item()) or torch.ones(self.size),
    )
    _draw()
    assert kept == []
    _draw(edit=Edit(blend=0.3), steps=1)
    assert set(kept[::2]) == {1}  # the cat
    assert set(kept[1::2]) == {2}  # the red dog
    monkeypatch.undo()
    plain, local = _draw(), _draw(edit=Edit(blend=0.95))
    np.testing.assert_array_equal(plain[0], local[0])
    assert 0 < _differ(*local) < _differ(*plain)


def test_settings_tell_all_and_are_plain_values():
    expert = _synthesizer(Edit(factors={"cat": 2.0}))
    told = json.loads(json.dumps(expert.settings))
    assert told["edit"] == {
        "kind": "refine",
        "cross_share": 1.0,
        "self_share": 0.4,
        "self_positions": 1024,
        "factors": {"cat": 2.0},
        "blend": None,
    }
    assert (told["model"], told["dtype"], told["steps"], told["guidance"]) == (
        "tiny",
        "fp32",
        4,
        7.5,
    )
    assert told["scheduler"] == "EulerDiscreteScheduler"
    assert expert.info != _synthesizer(steps=5).info
    assert expert.info.name == "tiny"


def test_what_cannot_be_drawn_is_one_sentence():
    expert = _synthesizer()
    assert expert.problem((CAT, DOG)) is None
    long = "fluffy " * WINDOW
    assert f"at most {WINDOW - 2} tokens, got {WINDOW}" in expert.problem((CAT, long))
    assert "edit=refine" in _synthesizer(Edit("replace")).problem((CAT, DOG))
    with pytest.raises(ValueError, match="at most 22 tokens"):
        expert([(CAT, long)], [1])


def test_edits_that_are_none_are_one_sentence():
    with pytest.raises(ValueError, match="Expected an edit of kind refine or replace, got 'x'"):
        Edit("x")
    with pytest.raises(ValueError, match=r"Expected self_share from 0 to 1, got 1\.5"):
        Edit(self_share=1.5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny-sdxl"
    tiny_sdxl().save_pretrained(path)
    return path


def test_a_folder_draws_the_same_pictures_and_computes_in_the_precision_that_it_says(folder):
    given = {"steps": 4, "side": SIDE}
    expert = PromptToPrompt.from_pretrained(folder, dtype="fp32", **given)
    assert expert.weights.name == "tiny-sdxl"
    assert not any(weight.requires_grad for weight in expert.parameters())
    for view, own in zip(expert([(CAT, DOG)], [1])[0], _draw(), strict=True):
        assert _differ(view, own) < 0.1
    coarse = PromptToPrompt.from_pretrained(folder, dtype="bf16", **given)
    assert coarse.settings["dtype"] == "bf16"
    assert {weight.dtype for weight in coarse.parameters()} == {torch.bfloat16}
    assert coarse([(CAT, CAT)], [1])[0][0].dtype == np.uint8


def test_weights_that_are_not_whole_are_one_sentence(folder, tmp_path):
    with pytest.raises(ValueError, match="Expected a dtype of fp32, fp16, bf16, got 'half'"):
        PromptToPrompt.from_pretrained(folder, dtype="half")
    with pytest.raises(WeightsMissing, match=r"Expected model_index.json .* found nothing"):
        PromptToPrompt.from_pretrained(tmp_path)
    copy = shutil.copytree(folder, tmp_path / "copy")
    stored = copy / "unet" / "diffusion_pytorch_model.safetensors"
    from safetensors.torch import load_file, save_file

    tensors = load_file(stored)
    tensors.pop("conv_in.weight")
    save_file(tensors, stored, {"format": "pt"})
    with pytest.raises(ValueError, match="cannot load it: ") as caught:
        PromptToPrompt.from_pretrained(copy, dtype="fp32")
    assert "\n" not in str(caught.value)
    stored.unlink()
    with pytest.raises(ValueError, match="cannot load it: ") as caught:
        PromptToPrompt.from_pretrained(copy)
    assert "\n" not in str(caught.value)


def test_absent_weights_say_how_to_get_them(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsMissing, match=r"models fetch stabilityai/stable-diffusion-xl-base"):
        PromptToPrompt.from_pretrained("stabilityai/stable-diffusion-xl-base-1.0")
