"""UploadService: parts in any order, verified by the store, until the file is whole."""
