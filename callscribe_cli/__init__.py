"""callscribe's command line: a client of a deployed stack's HTTP API."""

__version__ = "0.1.0"
