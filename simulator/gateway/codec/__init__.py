"""Codec of bodies: the stage between the bytes of HTTP and the fields of a message.

`request_body` reads a body by its content type and within its size limit, `message_fields` decrypts `input` by the
sandbox's gateway profile and adds an uploaded file, `answer_headers` gives the header fields of an answer.
"""
