"""What the program does: collect, draft, approve, send, tell; each a function that the clock, the commands and the desk call.

Promises: every rule about who may change what stands here, once; a job either has its whole effect or none.
"""
