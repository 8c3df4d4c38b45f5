"""The sandbox: an AWS to try things on, on this machine, without an account."""
