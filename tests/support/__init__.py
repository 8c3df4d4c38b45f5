"""What several tests need: the program as a subprocess, and a loopback proxy that records and disturbs."""
