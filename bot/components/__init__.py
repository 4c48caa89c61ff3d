"""What understands a message: small NLU components of our own beside Rasa's."""
