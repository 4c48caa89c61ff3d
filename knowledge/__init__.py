"""What the helpdesk knows: YAML kept by the helpdesk lead, and what loads and checks it."""
