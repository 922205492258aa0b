"""What each module can do in TLS, as its vendor tells it, and the rule that makes the levels.

The board has only the lists that come out of it (`lib/uplink/modems/telit_platforms.py`,
`policy.py`); the tests hold those to what stands here, and this to the vendors' documents.
"""
