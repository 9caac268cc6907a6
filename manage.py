#!/usr/bin/env python
"""Django's usual door: `manage.py X` is `thor X`."""

import sys

from thor.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
