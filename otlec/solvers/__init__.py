"""The exact solvers: one module an algorithm, kernel and public function in one file."""
