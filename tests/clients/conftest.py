"""What is here and is no test of the desk."""

collect_ignore = ["python_client.py"]  # runs in an environment of its own, started by the tests
