"""Draws the power machine and the recovery ladder from their tables."""
