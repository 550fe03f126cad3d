"""The garbage collector, told what a daemon's objects are like."""

import gc

YOUNG = 10_000  # objects; Python looks for circles every 700 by itself


def settle() -> None:
    """To be called once, when all is built: what is there now stays to the end, and is looked at no more.
    Besides, a claim makes thousands of values that hang together in no circle and go all at once: they are
    looked at rarely. Both took an eighth of a claim's time (measured)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
