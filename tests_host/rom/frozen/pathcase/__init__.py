"""Modules whose paths begin alike: test_paths.py asks for each, and for what is not there."""
