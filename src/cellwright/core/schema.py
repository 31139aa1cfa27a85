"""``python -m cellwright.core.schema`` prints the JSON Schema of ``assessment.json``, which ships as ``data/schemas``."""

import json
import sys

from cellwright.core.assessment import Assessments
from cellwright.core.boundary import adapter

if __name__ == "__main__":
    sys.stdout.write(json.dumps(adapter(Assessments).json_schema(), indent=1) + "\n")
