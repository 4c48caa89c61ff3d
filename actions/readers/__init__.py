"""Readers: one pure function per command; pasted output in, facts out."""
