"""What other sites are told about public videos."""
