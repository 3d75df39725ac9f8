"""The outside world: AWS services, Twilio, AssemblyAI."""
