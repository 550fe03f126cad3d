"""Messages and nudger's own texts in words, for every language; what a text costs; an email's parts. Pure."""
