"""The rules that every text keeps: tone, length, letters, ease of reading. Pure."""
