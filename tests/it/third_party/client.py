"""Drives the server given on the command line with the Python client, in both lifecycles. Exits 0 when all is well."""

import asyncio
import os
import sys

import mcp
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

SERVER = StdioServerParameters(command=sys.argv[1], env=dict(os.environ))


async def use(session, lifecycle):
    """What both lifecycles must be able to do; `session` is either kind of client."""
    tools = (await session.list_tools()).tools
    assert {"remember", "recall", "ask"} <= {tool.name for tool in tools}, tools
    stored = await session.call_tool("remember", {"content": f"Ana drinks tea in the {lifecycle} lifecycle"})
    assert not stored.is_error and stored.structured_content["memories"][0]["status"] == "stored", stored
    found = await session.call_tool("recall", {"query": f"tea {lifecycle}"})
    assert lifecycle in found.structured_content["memories"][0]["content"], found
    assert lifecycle in found.content[0].text, found
    wrong = await session.call_tool("recall", {"query": "tea", "limit": 1000})
    assert wrong.is_error and "limit" in wrong.content[0].text, wrong
    identifier = stored.structured_content["memories"][0]["id"]
    read = await session.read_resource(f"carryall://memory/{identifier}")
    assert lifecycle in read.contents[0].text, read
    assert len((await session.list_resource_templates()).resource_templates) == 6
    assert (await session.list_resources()).resources
    prompts = (await session.list_prompts()).prompts
    assert "decide" in {prompt.name for prompt in prompts}, prompts
    prompt = await session.get_prompt("decide", {"question": "tea or coffee"})
    assert "tea or coffee" in prompt.messages[0].content.text, prompt


async def main():
    async with stdio_client(SERVER) as (reader, writer):
        async with ClientSession(reader, writer) as session:
            begun = await session.initialize()
            assert begun.protocol_version == "2025-11-25", begun
            assert begun.server_info.name == "carryall", begun
            await use(session, "legacy")
            seen = []

            async def progress(done, total, message):
                seen.append((done, total, message))

            indexed = await session.call_tool("index_workspace", {"paths": ["."]}, progress_callback=progress)
            assert indexed.structured_content["files_indexed"] == 3, indexed
            assert seen, "no progress"
    async with mcp.Client(SERVER) as client:
        assert client.protocol_version == "2026-07-28", client.protocol_version
        await use(client, "modern")
        refused = None
        try:
            await client.call_tool("no_such_tool", {})
        except mcp.MCPError as err:
            refused = err
        assert refused is not None and "no_such_tool" in str(refused), refused
    print("ok")


asyncio.run(asyncio.wait_for(main(), 60))
