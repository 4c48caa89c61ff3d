"""Where people are: the web chat, the terminal and the ticket backlog, in front of Rasa."""
