"""Other worlds' protocols, one file each: a face translates, it never decides."""

import os

# Before anything here imports gRPC, which reads this then. Its handlers around fork() make a child
# of ours, such as the bus's server when it is started again, die now and then before it has begun.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
