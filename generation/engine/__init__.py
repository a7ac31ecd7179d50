"""Models: reading, writing, training. No Django here."""

import os

# A thread of torch that has nothing to do looks for work this often before it sleeps (about 50 µs). GNU OpenMP's own 300,000
# times are more than 10 ms on processors that pause long, taken from OpenVINO and from the web process on the same cores.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
