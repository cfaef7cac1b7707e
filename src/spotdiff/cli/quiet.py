"""What Lightning says on its own and no user needs: its advice, and its use of torch."""

from __future__ import annotations

import logging
import warnings

# A use of torch that is Lightning's affair, and a hook that is meant to be where it is.
_KNOWN = (".*LeafSpec.*deprecated", ".*You have overridden `transfer_batch_to_device")


def quieten_lightning() -> None:
    """Call it after Lightning is imported: it sets its own level then."""
    for message in _KNOWN:
        warnings.filterwarnings("ignore", message=message)
    for name in ("lightning.pytorch", "lightning.fabric"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.handlers.clear()  # its own one would say everything twice
