"""What the helpdesk knows: YAML kept by the helpdesk lead, and the package that loads and checks it."""
