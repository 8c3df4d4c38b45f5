"""The edge to AWS: the client provider and one stateless module for each service.

A library: it prints nothing and knows no command line. Every AWS call goes through a client that
an ``AwsClientProvider`` handed out.
"""
