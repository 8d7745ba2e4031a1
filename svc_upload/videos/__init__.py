"""VideoService: what a video says about itself, who sees it, and how it goes."""
