"""The module under test: perdure.pickle, or the one that ``PERDURE_SUBJECT`` names.

``PERDURE_SUBJECT=pickle`` proves a test on the standard module; a module with a
planted fault proves that the test can fail.
"""

import importlib
import os

NAME = os.environ.get("PERDURE_SUBJECT", "perdure.pickle")
subject = importlib.import_module(NAME)
