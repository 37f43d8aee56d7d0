"""What must hold between the tables of a scenario: names that exist, figures that agree. `every` lists all checks."""
