"""Certificates with one thing wrong, for tests of what must be refused."""

import datetime

from .authority import Authority

LONG_AGO_DAYS = 400


def wrong_ca(folder, hosts):
    """A server certificate of another CA with the same name; (crt, key)."""
    return Authority.create(folder).server(hosts)


def expired(authority, hosts, stem="expired"):
    """A server certificate that was good until some 370 days ago; (crt, key)."""
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=LONG_AGO_DAYS)
    return authority.server(hosts, stem=stem, days=30, now=past)


def not_yet(authority, hosts, stem="not-yet"):
    """A server certificate that will be good in a year; (crt, key)."""
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=LONG_AGO_DAYS)
    return authority.server(hosts, stem=stem, days=30, now=later)


def wrong_host(authority, stem="wrong-host"):
    """A server certificate for a host that nobody connects to; (crt, key)."""
    return authority.server(["other.example.org"], stem=stem)


def revoked_device(authority, name="revoked"):
    """A device whose certificate is on the list; (crt, key, crl)."""
    certificate, key = authority.device(name)
    return certificate, key, authority.revoke(name)
