"""Speech that was synthesised for this project, with its script: what the simulated people say."""
