"""Section 5 of the lecture: densities and momenta on a grid, films, flows and Otto's metric."""
