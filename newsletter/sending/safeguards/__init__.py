"""What protects a sender's reputation, and what takes over from a provider that fails."""
