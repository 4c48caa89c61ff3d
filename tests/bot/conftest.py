"""What is here and is no test of the desk."""

collect_ignore = ["probe.py"]  # runs in the bot's environment, started by test_components.py
