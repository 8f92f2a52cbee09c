"""Generator of the demo data: six supply chains in the landing folder's formats, with planted truths.

It knows the landing folder's public contract only and shares no code with the models, so that a truth the
models find was really found.
"""
