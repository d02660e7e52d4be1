"""The measuring core: races, the ticker, rounds, and what they come to. It draws nothing."""
