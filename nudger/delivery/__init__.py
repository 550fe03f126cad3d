"""Delivery: lay out, claim, gate, send, record; and what a reply does. Never lost, never twice."""
