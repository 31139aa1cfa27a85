"""What was measured, held against what the maker rated: state of health, or a refusal that says why."""

from cellwright.health.state_of_health import state_of_health

__all__ = ["state_of_health"]
