"""`newsletter demo`: the whole way on one machine, with nothing else.

It brings a sample blog, a mailbox that takes the mails, and a folder with a configuration of its own; what lies between
them is the product itself. Nothing leaves this machine.
"""
