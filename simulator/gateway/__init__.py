"""Gateway: the stages of a message in the order of pipeline.handle, from bytes to bytes."""
