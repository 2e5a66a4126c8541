"""`python -m freehold`: the command line from a source that is not installed."""

from freehold.cli.main import main

main()
