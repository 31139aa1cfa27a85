"""The gates that any used battery passes first: findings, and a verdict that missing evidence never turns into a pass."""

from cellwright.safety.screening import essential, screen
from cellwright.safety.siblings import Siblings, sibling, siblings

__all__ = ["Siblings", "essential", "screen", "sibling", "siblings"]
