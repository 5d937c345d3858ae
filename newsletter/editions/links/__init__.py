"""The links of an edition whose clicks are counted, where `track` is "links"."""
