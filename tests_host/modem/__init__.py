"""Tests of the virtual modem."""
