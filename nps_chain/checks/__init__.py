"""Great Expectations suites: over the raw rows before the build, over the marts before they are published.

`nps_chain.checks.run` holds the commands. It takes seconds to import, so import it where it is used.
"""
