"""The example in the modem's README runs as it stands."""

import re

from tests_host.conftest import ROOT
from tests_host.modem.bench import Echo
from tests_host.modem.pki import CA


def test_readme_example():
    ca = CA()
    cert_pem, key_pem = ca.issue("broker.example")
    names = {"broker": Echo(), "cert_pem": cert_pem, "key_pem": key_pem}
    names.update(client_ca_pem=ca.pem, now_us=0)
    text = (ROOT / "tools" / "modem" / "README.md").read_text()
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1), names)
    assert names["next_us"] == 1_000_000 and names["data"] == b""
    assert names["modem"].options.caopen == "long"
