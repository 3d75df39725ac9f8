"""Rules that need no network: calls, recordings, transcripts, scripts."""
