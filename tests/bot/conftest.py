"""What is here and is no test of the desk."""

# They run in the bot's environment, started by test_components.py and test_vocabulary.py.
collect_ignore = ["probe.py", "vocabulary_probe.py"]
