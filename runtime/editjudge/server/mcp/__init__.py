"""Scores for assistants: an MCP server of three tools, over the standard streams."""
