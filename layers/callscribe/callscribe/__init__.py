"""The application: domain, use cases, and the adapters to AWS, Twilio and AssemblyAI."""
