"""`python -m engine` is `engine`."""

from engine.cli import main

raise SystemExit(main())
