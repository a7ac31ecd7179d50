"""`make run`: the servers, the web process, the workers and the schedule under one parent that needs no Django."""
