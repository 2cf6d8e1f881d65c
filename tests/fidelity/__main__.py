"""`python -m tests.fidelity FILES...` lives recorded runs on a real site and counts: nothing lost, nothing twice."""

import sys

from tests.fidelity.checking import main

sys.exit(main())
