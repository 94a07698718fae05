"""A client of the MCP SDK with `editjudge mcp` as a process of its own behind it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters, stdio_client

from support.fresh_process import PROGRAM

MARKUP = "<img src=x onerror=alert(1)>\x1b[31m\u202e.webp"
"""The name of a file that is markup, a terminal's colour, and turns what follows."""


def connect(home: Path, *options: str, **settings: Any) -> Client:
    """Starts the server with these options when it is entered.

    home: where it keeps what it keeps. settings: of the client.
    """
    environment = {**os.environ, "EDITJUDGE_HOME": str(home)}
    arguments = ["-c", PROGRAM, "mcp", *options]
    server = StdioServerParameters(command=sys.executable, args=arguments, env=environment)
    return Client(stdio_client(server), **settings)


async def answer(client: Client, tool: str, **arguments: Any) -> tuple[dict[str, Any], str]:
    """What a tool gives, as an object and in words."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content[0].text
    (words,) = result.content
    return result.structured_content, words.text


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    """Why a tool gives nothing, which is one line."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert result.structured_content is None
    (words,) = result.content
    assert len(words.text.splitlines()) == 1
    return words.text
