"""TranscodeService: plans, hands out work, publishes what comes back."""
