"""Simulation study: how often the warehouse's intervals hold and its verdicts are right, where the truth is known.

Shares no code with the models and the demo: it runs the project's compiled SQL on generated facts.
"""
