"""Other programs that do a part of this one's work: their environments, and what runs inside them."""
