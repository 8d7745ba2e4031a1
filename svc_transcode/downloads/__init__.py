"""DownloadService: renditions as files to keep."""
