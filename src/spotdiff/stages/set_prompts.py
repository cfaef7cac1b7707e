"""What chat models are asked about two sets of pictures, word for word, with versions.

As in `prompts`, whoever changes a word gives the prompt a new version.
"""

from __future__ import annotations

from collections.abc import Sequence

from spotdiff.stages.prompts import Prompt

_FORM = (
    "Write each idea on a line of its own after a dash, two to eight words, as a caption of one "
    "picture would have it. One idea a line: no comparisons such as 'more' or 'fewer', no mention "
    "of the groups, no brackets, no explanations."
)

CONTRAST = Prompt(
    "set-contrast/1",
    "You study how two collections of pictures differ. These are captions of pictures of both.\n\n"
    "{captions}\n\n"
    "Name {count} different things that are seen in pictures of group A more often than in "
    "pictures of group B: objects, places, actions, styles, light or mood. Begin with the one that "
    "tells them apart best.\n" + _FORM + "\n"
    "Good lines look like this:\n"
    "- children on a swing\n- a kitchen with wooden shelves\n- blurred background\n"
    "- pencil drawings\n- fog over water\n"
    "Lines to avoid, and what to write instead:\n"
    "- 'more dogs than cats': write 'dogs'\n"
    "- 'pictures of group A show boats': write 'boats'\n"
    "- 'outdoor scenes (beach, forest)': write 'a beach' and 'a forest' on two lines\n"
    "- 'a variety of vehicles': write the vehicle, such as 'a red truck'",
)
BRIEF = Prompt(
    "set-brief/1",
    "{captions}\n\nList {count} things that captions of group A tell of and captions of group B "
    "do not. " + _FORM,
)
COMMON = Prompt(
    "set-common/1",
    "These are captions of pictures of one collection.\n\n{captions}\n\n"
    "Name {count} things that most of these pictures have in common, what is most special first. "
    + _FORM,
)
PAIRED = Prompt(
    "set-paired/1",
    "Two programs, A and B, drew pictures for the same requests. Below is each request with "
    "captions of what A drew and of what B drew.\n\n{captions}\n\n"
    "Name {count} things that pictures by A show more often than pictures by B for the same "
    "request: what is in them, how it is drawn, colours, faults. Do not name what the requests "
    "themselves ask for. Begin with the one that tells the programs apart best.\n" + _FORM,
)
MONTAGE = Prompt(
    "set-montage/1",
    "The sheet shows pictures of two groups. Above the black line are {first} pictures of group "
    "A, below it are {second} pictures of group B. Name {count} different things that are seen in "
    "group A more often than in group B: objects, places, actions, styles, light or mood. Begin "
    "with the one that tells them apart best.\n" + _FORM,
)
SHOWN = Prompt(
    "set-shown/1", "Does this picture show the following: {concept}? Answer with Yes or No."
)
SAID = Prompt(
    "set-said/1",
    "A caption describes a picture. Say whether the picture fits an idea, as far as the caption "
    "tells. Answer with Yes or No.\n\n"
    "Caption: two girls build a sand castle near the waves\nIdea: people at the seaside\n"
    "Answer: Yes\n\n"
    "Caption: a bowl of soup beside a laptop\nIdea: people at the seaside\nAnswer: No\n\n"
    "Caption: a charcoal sketch of an old bridge\nIdea: drawings\nAnswer: Yes\n\n"
    "Caption: a cyclist crosses an old bridge\nIdea: drawings\nAnswer: No\n\n"
    "Caption: a grey cat sleeps on a piano\nIdea: an animal indoors\nAnswer: Yes\n\n"
    "Caption: {caption}\nIdea: {concept}\nAnswer:",
)
JUDGE = Prompt(
    "set-judge/1",
    "Two groups of pictures are described by the people who made them.\n"
    "Group A: {first}\nGroup B: {second}\n"
    "Somebody who saw only the pictures says that this is truer of group A: {hypothesis}\n\n"
    "Grade what was said:\n"
    "2 if it says what sets A apart from B as it is described,\n"
    "1 if it is truer of A, but much wider or much narrower than the description, or only a part "
    "of it,\n"
    "0 if it is about something else, or as true of B.\n"
    "For example, with A 'dogs in snow' and B 'dogs on grass': 'snowy places' is 2, 'winter sports "
    "with dogs' is 1, 'dogs' is 0.\n"
    "Answer with the number alone.",
)


def listed_captions(first: Sequence[str], second: Sequence[str] = ()) -> str:
    """Captions as lines, those of the second set after those of the first one.

    Example:
        >>> print(listed_captions(["a dog"], ["a  cat"]))
        Group A: a dog
        Group B: a cat
    """
    groups = (("Group A", first), ("Group B", second))
    return "\n".join(f"{name}: {one_line(text)}" for name, texts in groups for text in texts)


def one_line(text: str) -> str:
    """A text without line breaks, so that it cannot end the list that it stands in."""
    return " ".join(text.split())
