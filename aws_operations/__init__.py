"""What operators do, without a command line: planners, appliers and jobs over one or many targets."""
