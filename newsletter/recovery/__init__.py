"""What makes a restored database safe: the recovery log, which outlives the database, and the hold on sending."""
