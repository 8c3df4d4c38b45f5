"""What every service of a project shares: the provider, the environment, the errors, the list of reads."""
