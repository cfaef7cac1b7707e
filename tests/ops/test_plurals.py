"""Singulars by spelling."""

import pytest

from spotdiff.ops.plurals import singular

PAIRS = """
shoe shoes, potato potatoes, house houses, horse horses, vase vases, bus buses, glass glasses,
dress dresses, box boxes, movie movies, cookie cookies, pie pies, tie ties, baby babies, sky skies,
leaf leaves, knife knives, wolf wolves, bookshelf bookshelves, scarf scarves, roof roofs, glove
gloves, sleeve sleeves, olive olives, man men, woman women, fireman firemen, child children,
grandchild grandchildren, foot feet, tooth teeth, goose geese, mouse mice, person people, ski skis,
taxi taxis, giraffe giraffes, sandwich sandwiches, headache headaches, toothbrush toothbrushes,
fridge fridges, tree trees, toe toes, canoe canoes, photo photos, kangaroo kangaroos, walrus
walruses, octopus octopuses, lens lenses, monkey monkeys, bunny bunnies, canopy canopies, quiz
quizzes, blouse blouses, menu menus, tv tvs, t-shirt t-shirts, snowman snowmen, ostrich ostriches,
pizza pizzas, racket rackets, mattress mattresses, moose moose, sheep sheep, aircraft aircraft
""".replace("\n", " ")


@pytest.mark.parametrize("pair", [pair.split() for pair in PAIRS.split(",")], ids=" ".join)
def test_a_plural_becomes_its_singular_and_a_singular_stays(pair):
    one, many = pair
    assert (singular(many), singular(one)) == (one, one)


@pytest.mark.parametrize(
    "word",
    ["scissors", "sunglasses", "jeans", "news", "tennis", "bus", "chess", "gas", "ramen", ""],
)
def test_a_word_that_is_no_plural_stays(word):
    assert singular(word) == word
