"""What subscribers were offered: the bases of cadences, who lacks which posts, and the candidates of an edition."""
