"""Places, links and the routes between them; shapes that make them, maps that tell them, hours that change them."""
