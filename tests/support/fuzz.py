"""How hard the fuzzers look: a small, repeatable run by default, or NPS_FUZZ_EXAMPLES random examples per test."""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = os.environ.get("NPS_FUZZ_EXAMPLES")
DEFAULT_EXAMPLES = 20
BLANKS = " \t\r\n\v\f\u00a0\u2007\u202f\u200b\u200e\u200f\u2060\ufeff"

fuzzed = settings(
    max_examples=int(EXAMPLES or DEFAULT_EXAMPLES),
    derandomize=EXAMPLES is None,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
