"""What `readers.py` is made of: samples by make, samples made long, and processes that read them."""
