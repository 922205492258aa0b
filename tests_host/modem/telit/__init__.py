"""Tests of the virtual modem's Telit pages."""
