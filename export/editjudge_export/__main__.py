import sys

from editjudge_export.cli import main

sys.exit(main())
