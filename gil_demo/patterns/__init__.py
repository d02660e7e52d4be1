"""The patterns, a file each; its C is in csrc/patterns under the same name."""
