"""The cells of a module or pack: what each did while current went through all of them."""
