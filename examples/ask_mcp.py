"""Asks the tools of `editjudge mcp`, as an assistant does.

pip install 'editjudge[mcp]'
python examples/ask_mcp.py original.png edited.png "make the car blue"
"""

from __future__ import annotations

import sys

import anyio
from mcp import Client, StdioServerParameters, stdio_client

SERVER = StdioServerParameters(command="editjudge", args=["mcp", "--allow", "."])


async def ask(original: str, edited: str, instruction: str) -> None:
    pictures = {"original": {"path": original}, "edited": {"path": edited}}
    async with Client(stdio_client(SERVER)) as client:
        result = await client.call_tool("score", {**pictures, "instruction": instruction})
    print(result.content[0].text)


if __name__ == "__main__":
    anyio.run(ask, *sys.argv[1:])
