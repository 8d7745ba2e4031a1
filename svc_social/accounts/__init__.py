"""AccountService: sign-up, sign-in, sessions, accounts."""
