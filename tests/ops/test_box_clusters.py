"""Clusters of boxes: numbers by hand, and labels that do not know of each other."""

from __future__ import annotations

import numpy as np

from spotdiff.ops.box_clusters import clustered


def row(*lefts, side=10.0):
    """Squares beside each other, by their left sides."""
    return np.array([[x, 0, x + side, side] for x in lefts], np.float32)


def test_a_cluster_moves_with_its_members_and_then_meets_what_its_founder_did_not():
    # IoU of squares d apart is (10 - d) / (10 + d): 0.54 for 3, and 0.43 for 4.
    scores, labels = np.ones(3), np.zeros(3, np.int64)
    assert clustered(row(0, 3, 4), scores, labels, 0.5).tolist() == [0, 0, 0]
    assert clustered(row(0, 4, 3), scores, labels, 0.5).tolist() == [0, 1, 1]


def test_a_box_joins_the_cluster_that_it_overlaps_most_and_an_overlap_at_the_limit_is_none():
    boxes = np.array([[0, 0, 10, 10], [6, 0, 16, 10], [4, 0, 14, 10]], np.float32)
    scores, labels = np.ones(3), np.zeros(3, np.int64)
    assert clustered(boxes, scores, labels, 0.4).tolist() == [0, 1, 1]
    halves = np.array([[0, 0, 10, 10], [0, 0, 10, 5]], np.float32)
    assert clustered(halves, scores[:2], labels[:2], 0.5).tolist() == [0, 1]


def test_boxes_without_a_score_move_a_cluster_of_such_boxes_alone():
    labels = np.zeros(3, np.int64)
    assert clustered(row(0, 3, 4), np.array([1.0, 0, 0]), labels, 0.5).tolist() == [0, 0, 1]
    assert clustered(row(0, 3, 4), np.zeros(3), labels, 0.5).tolist() == [0, 0, 0]


def test_labels_side_by_side_are_clustered_as_each_alone():
    rng = np.random.default_rng(0)
    counts = [1, 40, 3, 9, 1, 17]
    labels = np.repeat(np.arange(len(counts)), counts)
    corners = rng.uniform(0, 40, (len(labels), 2))
    boxes = np.concatenate([corners, corners + 30], axis=1).astype(np.float32)
    scores = rng.uniform(0, 1, len(labels))
    together = clustered(boxes, scores, labels, 0.5)
    for label, count in enumerate(counts):
        own = labels == label
        alone = clustered(boxes[own], scores[own], np.zeros(count, np.int64), 0.5)
        assert (together[own] - sum(counts[:label])).tolist() == alone.tolist()


def test_no_boxes_are_no_clusters():
    nothing = np.zeros(0)
    assert clustered(np.zeros((0, 4), np.float32), nothing, nothing.astype(int), 0.5).shape == (0,)
