"""The main job: read, measure, health, safety, grading, report, for one battery or a truckload."""

from cellwright.assess.plan import Job, Plan, files_of, plan
from cellwright.assess.run import Progress, assess, load_procedure
from cellwright.assess.single import Outcome

__all__ = ["Job", "Outcome", "Plan", "Progress", "assess", "files_of", "load_procedure", "plan"]
