"""Finding videos: search, recommendations, trending. README.md says what will live here."""
