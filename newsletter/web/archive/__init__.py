"""What anybody may read: the newsletters, their editions from the first mail on, a feed of them, a site map."""
