"""A simulator of AssemblyAI's pre-recorded speech-to-text. Everything it answers is simulated."""

from local.simulators.assemblyai.server import AssemblyAISimulator

__all__ = ["AssemblyAISimulator"]
