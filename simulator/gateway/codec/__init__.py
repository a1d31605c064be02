"""Reading and writing of bodies: the stage between bytes over HTTP and the fields of a message.

`request_body` chooses by content type what is read, within which size; `message_fields` by the sandbox's gateway
profile what `input` stands for (enciphered text, a file beside the message); `answer_headers` gives the content type.
"""
