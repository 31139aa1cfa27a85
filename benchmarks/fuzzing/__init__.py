"""What `fuzz_readers.py` is made of: how files are damaged, and processes that read them under limits."""
