"""Fetches the root certificate that verifies a server: the file for `tls.ca`."""
