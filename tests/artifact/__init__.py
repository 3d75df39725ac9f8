"""Tests of what `sam build` made; `make artifact` runs them, after `make build`."""
