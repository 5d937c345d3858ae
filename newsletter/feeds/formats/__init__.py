"""Documents that hold posts: Atom, RSS, RDF, JSON Feed and front matter."""
