"""Experts of few random weights, of the tests of experts."""

from tests.experts.conftest import clip_folder, clip_parts, matcher_folder, matcher_parts

__all__ = ["clip_folder", "clip_parts", "matcher_folder", "matcher_parts"]
