"""Links of editions that are counted: `/l/<token>` redirects to an address of the edition and counts the click."""
