"""What the program does: collect, draft, approve, send, tell; the clock, the commands and the desk call it.

Promises: every rule about who may change what stands here, once; a job either has its whole effect or none.
"""
