"""Tests of what `sam build` made; `make artefact` runs them, after `make build`."""
