"""The scans of the vendors' lists, one for each kind of entry."""
