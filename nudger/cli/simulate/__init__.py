"""Simulated people, the loop that lets them live with nudger, and the referee who judges what they get."""
