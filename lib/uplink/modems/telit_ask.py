"""What Telit modules call their own errors, for `ServiceModem.ask()`.

Source: SSL/TLS user guide 1vv0300989 rev. 23 (12.2). By number with AT+CMEE=1, as the driver sets
it, by text with AT+CMEE=2.
"""

# (No line ends: images pack texts that have them, firmware/rom/pack.py.)
ERRORS = (
    b";830 SSL generic error"
    b";831 SSL cannot activate"
    b";832 SSL socket error"
    b";833 SSL not connected"
    b";834 SSL already connected"
    b";835 SSL already activated"
    b";836 SSL not activated"
    b";837 SSL certs and keys wrong or not stored"
    b";838 SSL error enc/dec data"
    b";839 SSL error during handshake"
    b";840 SSL disconnected"
    b";841 SSL invalid state"
    b";"
)
