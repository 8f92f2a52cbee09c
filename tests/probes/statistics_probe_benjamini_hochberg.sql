-- q-values of tests: for tests/statistics/test_ranking.py.
{{ benjamini_hochberg('probe_tests', ['network'], 'subject', 'p') }}
