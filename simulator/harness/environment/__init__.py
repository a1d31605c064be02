"""Systems and people that take part in a run: modes, processes, clients, personas."""
