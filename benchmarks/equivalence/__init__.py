"""Whether a change leaves every score and its speed as they were."""
