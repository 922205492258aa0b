"""Runs on MicroPython: prints what the package shortcase does."""

import shortcase.objects
import shortcase.places

for part in (shortcase.objects, shortcase.places):
    for line in part.show():
        print(line)
