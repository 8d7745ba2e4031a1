"""UploadService and VideoService: how a file gets in, and the life of the video that it becomes."""
