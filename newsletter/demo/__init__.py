"""`newsletter demo`: everything from collecting to receiving, on one machine.

It brings a sample blog, a mailbox that receives the emails, and a folder with its own configuration; everything between
them is the product itself. No traffic goes beyond this machine.
"""
