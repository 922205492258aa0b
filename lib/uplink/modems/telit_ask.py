"""What Telit modules call their own errors, for `ServiceModem.ask()`.

Source: SSL/TLS user guide 1vv0300989 rev. 23 (12.2). By number with AT+CMEE=1, as the driver sets
it, by text with AT+CMEE=2.
"""

ERRORS = (
    b"\n830 SSL generic error"
    b"\n831 SSL cannot activate"
    b"\n832 SSL socket error"
    b"\n833 SSL not connected"
    b"\n834 SSL already connected"
    b"\n835 SSL already activated"
    b"\n836 SSL not activated"
    b"\n837 SSL certs and keys wrong or not stored"
    b"\n838 SSL error enc/dec data"
    b"\n839 SSL error during handshake"
    b"\n840 SSL disconnected"
    b"\n841 SSL invalid state"
    b"\n"
)
