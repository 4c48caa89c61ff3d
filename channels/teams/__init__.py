"""Microsoft Teams: what arrives at /api/messages, and what is sent back into its conversations."""
