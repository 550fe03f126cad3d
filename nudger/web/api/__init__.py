"""The operator's API: what the board shows and does, for programs."""
