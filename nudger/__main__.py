"""`python -m nudger`."""

from nudger.cli import main

main()
