"""`python -m tools.modem sim7000`: a virtual modem alone, for any driver of anyone's."""

import sys

from .cli import main

sys.exit(main())
