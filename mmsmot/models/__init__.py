"""The parts of the pipeline, in the order of the data flow.

Empty on purpose: ``mmsmot.models.trackers`` must import without torch, and the
registries import the other folders when a config asks for them.
"""
