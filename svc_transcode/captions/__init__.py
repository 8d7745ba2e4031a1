"""CaptionService: captions that people upload, and what is said in all of them."""
