"""gRPC, told before it is loaded to leave the processes that we start alone.

Its handlers for `fork` run in every child between fork and exec; beside an asyncio server they
break the child's file descriptors, and with them the start of the bus. It looks at the environment
when it is imported and nowhere else, so everybody in this room imports it from here.
"""

import os

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")

import grpc as grpc
