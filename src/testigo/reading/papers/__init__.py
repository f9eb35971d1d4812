"""An image -> the sheets of paper on it, each made straight, with the way back; photos of parts joined."""
