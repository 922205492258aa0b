"""Puts a configuration and certificates onto a board, and proves that they arrived."""
