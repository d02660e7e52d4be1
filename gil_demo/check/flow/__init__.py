"""The ways through a function: who has the GIL at each call and at each way out.

An abstract interpreter over the syntax tree. It knows no rule: it notes events, and the rules
judge them. A state says whether the GIL is as the caller left it, held, released or unknown,
and what is known of the conditions that led there. Ways are joined where they agree on the
GIL, so that a function has a handful of states however many ways lead through it.

Each class of the interpreter adds one thing to the one before it: `walk` keeps what was seen,
`switches` release and take back, `calls` need the GIL, `expressions` are executed in the order
of their text, and `statements` decide which way goes on. `follow` runs it on one function.
"""
