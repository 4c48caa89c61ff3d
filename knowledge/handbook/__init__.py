"""The handbook: the knowledge as pages for people, German and English, without a server."""
