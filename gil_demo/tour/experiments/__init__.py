"""Measurements that a step of the lesson makes and no other command does."""
