"""How fast a chat model captions changes in batches beside one question at a time, same model.

    python benchmarks/captioning.py
    python benchmarks/captioning.py --pairs 16 --hidden 1024 --layers 16 --device cuda --half

The published operator asks its model once for each region and view and once for each difference.
Here `MllmCaptioner` does both: as it is, and with its model made to take one question at a time.
The model is LLaVA with random weights, of as many layers as told, whose tokens are bytes, so that
questions are longer than they are to a trained one; it ends no answer early. Answers of both ways
are compared. Each way is warmed up with one box, then run --repeats times in turns.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from spotdiff.experts.generation import Generation
from spotdiff.experts.mllm import ChatVlm
from spotdiff.stages.difference_captioner import MllmCaptioner
from spotdiff.types import Answer, Change, ChangeKind, Chat, ModelInfo, Pair, Reply

SIDE, PATCH, VIEW = 112, 14, (360, 480)
TEMPLATE = (
    "{% for m in messages %}{{ m['role'] }}: {% for part in m['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}\n"
    "{% endfor %}assistant: "
)


class OneByOne:
    """A chat model that is asked one question at a time; a `ChatModel`."""

    sees = True

    def __init__(self, model: ChatVlm) -> None:
        self.model, self.info = model, model.info

    def __call__(self, chats: Sequence[Chat]) -> list[Reply]:
        """The replies, each of a call of its own."""
        return [self.model([chat])[0] for chat in chats]

    def choose(self, chats: Sequence[Chat], words: Sequence[str]) -> list[np.ndarray | None]:
        """Likewise."""
        return [self.model.choose([chat], words)[0] for chat in chats]


def chat_model(args: argparse.Namespace) -> ChatVlm:
    """LLaVA with random weights."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    words = transformers.PreTrainedTokenizerFast(
        tokenizer_object=plain,
        pad_token="<pad>",
        eos_token="</s>",
        extra_special_tokens=["<image>"],
    )
    sizes = {"hidden_size": args.hidden, "intermediate_size": 3 * args.hidden}
    sizes |= {"num_hidden_layers": args.layers, "num_attention_heads": args.hidden // 64}
    config = transformers.LlavaConfig(
        vision_config=transformers.CLIPVisionConfig(**sizes, image_size=SIDE, patch_size=PATCH),
        text_config=transformers.LlamaConfig(
            **sizes, vocab_size=len(words), max_position_embeddings=4096, pad_token_id=256
        ),
        image_token_index=words.convert_tokens_to_ids("<image>"),
    )
    torch.manual_seed(0)
    model = transformers.LlavaForConditionalGeneration(config)
    with torch.no_grad():  # an answer goes on to its end, whatever the weights
        model.lm_head.weight[words.eos_token_id] = 0
        model.lm_head.weight *= 20
    edges = {"height": SIDE, "width": SIDE}
    processor = transformers.LlavaProcessor(
        transformers.CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=edges),
        words,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    )
    how = Generation(max_new_tokens=args.tokens)
    info = ModelInfo("random LLaVA", "")
    found = ChatVlm(model, processor, info, how, batch_size=args.batch, half=args.half)
    return found.to(args.device)


def changes(seed: int, count: int) -> tuple[Change, ...]:
    """Boxes anywhere, of 5 to 30 % of the sides."""
    rng = np.random.default_rng(seed)
    sides = np.tile(VIEW[::-1], 2)
    size = rng.uniform(0.05, 0.3, (count, 2))
    start = rng.uniform(0, 1 - size)
    boxes = (np.concatenate([start, start + size], axis=1) * sides).tolist()
    return tuple(Change(ChangeKind.ADDED, 0.9, box_after=tuple(box)) for box in boxes)


def seconds(captioner: MllmCaptioner, pairs: list[Pair], answers: list[Answer]) -> tuple:
    """How long it takes, by the clock and of the processor, and what is said."""
    start, worked = time.perf_counter(), time.process_time()
    told = captioner(pairs, answers)  # texts: nothing is under way on a GPU any more
    return time.perf_counter() - start, time.process_time() - worked, told


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    sizes = {"pairs": 3, "boxes": 5, "tokens": 32, "batch": 16, "hidden": 256, "layers": 4}
    for name, default in {**sizes, "repeats": 3}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--half", action="store_true")
    args = parser.parse_args()
    model = chat_model(args)
    rng = np.random.default_rng(0)
    pairs = [
        Pair(str(i), *rng.integers(0, 256, (2, *VIEW, 3)).astype(np.uint8))
        for i in range(args.pairs)
    ]
    answers = [Answer(changes(i, args.boxes)) for i in range(args.pairs)]
    ways = {"one at a time": MllmCaptioner(OneByOne(model)), "batched": MllmCaptioner(model)}
    for captioner in ways.values():
        captioner(pairs[:1], [Answer(changes(0, 1))])
    spent: dict[str, list[float]] = {way: [] for way in ways}
    worked: dict[str, list[float]] = {way: [] for way in ways}
    told = {}
    for _ in range(args.repeats):
        for way, captioner in ways.items():
            took, work, told[way] = seconds(captioner, pairs, answers)
            spent[way].append(took)
            worked[way].append(work)
    boxes = args.pairs * args.boxes
    table = Table("", "seconds, median", "min", "max", "CPU seconds", "ms a box", "boxes/s")
    for way, runs in spent.items():
        middle = float(np.median(runs))
        work = float(np.median(worked[way]))
        row = (middle, min(runs), max(runs), work, 1000 * middle / boxes, boxes / middle)
        table.add_row(way, *(f"{value:.2f}" for value in row))
    Console().print(table)
    first, second = ([c.caption for a in told[way] for c in a.changes] for way in ways)
    same = sum(one == other for one, other in zip(first, second, strict=True))
    ratio = np.median(spent["one at a time"]) / np.median(spent["batched"])
    size = sum(weight.numel() for weight in model.parameters()) / 1e6
    saved = np.median(worked["one at a time"]) / np.median(worked["batched"])
    print(f"{ratio:.1f} times as fast, {saved:.1f} times less work of the processor")
    print(f"{same} of {boxes} captions are the same")
    print(f"{size:.1f} million weights, {3 * boxes} questions, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
