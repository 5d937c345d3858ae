"""Form fields of settings that have several parts: recurring times, and tables that are edited in rows."""
