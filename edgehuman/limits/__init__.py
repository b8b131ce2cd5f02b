"""How much a file may ask for, held before memory is asked for."""
