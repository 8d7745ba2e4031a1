"""ThumbnailService: which picture is shown for a video, and pictures that people upload for it."""
