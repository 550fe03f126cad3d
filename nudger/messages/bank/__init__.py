"""The message bank: its files, what a message may hold, and which one goes out. Pure."""
