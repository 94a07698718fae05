"""The tools behind the standard streams, by the MCP SDK (extra mcp), which this module alone imports."""

from __future__ import annotations

import signal
import traceback
from functools import partial
from typing import Any

from anyio import CapacityLimiter, from_thread, run, to_thread
from mcp import MCPError
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from editjudge import __version__
from editjudge.errors import EditJudgeError
from editjudge.server.mcp.calls import ARGUMENTS, ToolName
from editjudge.server.mcp.schemas import DESCRIPTIONS, OUTPUTS, describe_input
from editjudge.server.mcp.tools import ToolAnswer, ToolBox
from editjudge.server.options import RequestLimits
from editjudge.utils.oom import ADVICE, lacks_memory

INSTRUCTIONS = (
    "Judges edits of pictures that were made by an instruction. Read the headline first; where a number is null, "
    "nothing was measured, which says nothing of the edit."
)


def serve(tools: ToolBox, limits: RequestLimits) -> None:
    """Answers a client on stdin and stdout until it closes them. What anything else prints goes to stderr.

    limits: what clients are told that they may hand in.
    """

    async def answer() -> None:
        server = build_server(tools, limits)
        async with stdio_server() as (requests, answers):
            await server.run(requests, answers, server.create_initialization_options())

    # Nothing has to be put in order, and the thread that waits for stdin would keep the process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    run(answer)


def build_server(tools: ToolBox, limits: RequestLimits) -> Server[Any]:
    """The server of the tools; it calls one at a time, off the event loop."""
    turn = CapacityLimiter(1)
    listing = ListToolsResult(tools=[_describe_tool(tool, limits) for tool in ARGUMENTS])

    async def list_tools(context: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
        return listing

    async def call_tool(context: Any, params: CallToolRequestParams) -> CallToolResult:
        tool = next((name for name in ARGUMENTS if name == params.name), None)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"there is no such tool; there are {', '.join(ARGUMENTS)}")
        # A client that gives up a call ends it between the candidates of a ranking.
        call = partial(tools.call, tool, params.arguments or {}, from_thread.check_cancelled)
        return await to_thread.run_sync(_answer_call, call, limiter=turn)

    return Server(
        "editjudge",
        version=__version__,
        title="editjudge",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _describe_tool(tool: ToolName, limits: RequestLimits) -> Tool:
    return Tool(
        name=tool,
        description=DESCRIPTIONS[tool],
        input_schema=describe_input(tool, limits),
        output_schema=OUTPUTS[tool],
        annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
    )


def _answer_call(call: partial[ToolAnswer]) -> CallToolResult:
    """What a call gives; where it fails, why, in a sentence."""
    try:
        answer = call()
    except EditJudgeError as error:
        return _refuse(str(error))
    except Exception as error:
        if lacks_memory(error):
            return _refuse(f"there is not enough memory; {ADVICE}")
        traceback.print_exc()
        return _refuse(f"{type(error).__name__}: this is a bug; report what the server wrote to stderr")
    return CallToolResult(content=[TextContent(text=answer.text)], structured_content=answer.content)


def _refuse(sentence: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=" ".join(sentence.split()))], is_error=True)
