"""Sets a machine up: Debian packages, the virtual environment, and MicroPython built from Debian's
sources.

Runs on a bare Python 3.11 (standard library only): nothing else exists when it starts. `python3 -m
tools.setup --help` lists its steps; README.md tells what each of them does and where things end
up.
"""
