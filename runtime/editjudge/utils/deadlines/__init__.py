"""How long a call may take: what stops its work in time, and what is kept aside for what has to follow."""
