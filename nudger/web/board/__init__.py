"""The operator's board: what is going on, why something was not sent, and pause and resume."""
