"""Speech that was synthesized for this project, with its script: what the simulated people say."""
