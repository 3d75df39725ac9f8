"""`python -m callscribe_cli` is `callscribe`."""

import sys

from callscribe_cli.main import main

if __name__ == "__main__":
    sys.exit(main())
