"""What protects the sign-up form from programs: limits, and challenges while an attack lasts."""
