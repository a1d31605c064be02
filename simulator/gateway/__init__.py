"""The life of a message, in the order of pipeline.handle: read, authenticate, check, admit, handle, forward, write."""
