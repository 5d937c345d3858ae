"""Events that other programs can read, and the webhooks that tell them (Standard Webhooks, standardwebhooks.com)."""
