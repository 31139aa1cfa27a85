"""Battery testers, one module or package a make."""
