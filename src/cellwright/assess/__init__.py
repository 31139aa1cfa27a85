"""The main job: read, measure, health, safety, grading, report, for one battery or a truckload."""

import sys
from types import ModuleType
from typing import Any

from cellwright.assess.concluded import heads
from cellwright.assess.plan import Job, Plan, files_of, plan
from cellwright.assess.run import Progress, assess, load_procedure
from cellwright.assess.single import Outcome

__all__ = ["Job", "Outcome", "Plan", "Progress", "assess", "files_of", "heads", "load_procedure", "plan"]


class _Verb(ModuleType):
    """A room that is its own verb: once it is imported, Python lets ``cellwright.assess`` mean this module, and it stays callable."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return assess(*args, **kwargs)


sys.modules[__name__].__class__ = _Verb
