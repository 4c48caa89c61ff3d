"""The workshop's measurements. Numbers, never tests: a slow machine is no broken one."""
