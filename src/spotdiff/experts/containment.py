"""Keeps what ultralytics does to a process within bounds.

Its import sets environment variables, reads the configuration of the user, reports usage where it
is online, replaces `torch.save` and `PIL.Image.open`, and turns off the threads of OpenCV; loading
a model on the CPU also sets the threads of torch.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import cv2
import numpy as np
import torch
from PIL import Image


@contextmanager
def contained() -> Iterator[None]:
    """Silent, offline and without installing anything; afterwards the process is as it was."""
    environment, options = dict(os.environ), np.get_printoptions()
    threads = cv2.getNumThreads(), torch.get_num_threads()
    patched = [(torch, "save"), (Image, "open"), *((cv2, f"im{do}") for do in ("read", "write"))]
    originals = [(owner, name, getattr(owner, name)) for owner, name in patched]
    os.environ.update(
        YOLO_OFFLINE="1",
        YOLO_AUTOINSTALL="0",
        YOLO_VERBOSE="0",
        YOLO_CONFIG_DIR=environment.get("YOLO_CONFIG_DIR") or _passing_folder(),
    )
    try:
        yield
    finally:
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
        np.set_printoptions(**options)
        cv2.setNumThreads(threads[0])
        torch.set_num_threads(threads[1])
        for owner, name, original in originals:
            setattr(owner, name, original)


@cache
def _passing_folder() -> str:
    """A folder for the settings of ultralytics that goes when the process ends."""
    folder = tempfile.mkdtemp(prefix="spotdiff-ultralytics-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
