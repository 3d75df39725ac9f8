"""Search in the texts of calls, in an index on this machine."""
