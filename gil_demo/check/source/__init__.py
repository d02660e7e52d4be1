"""Files of C and C++ as text that can be parsed although nothing is preprocessed.

Everything here keeps each length: what is taken out of the text becomes blanks, so an offset
means the same place in the file, in every reading of it and in the parser's tree. The text is
decoded as Latin-1 for the same reason: one character is one byte, whatever the encoding.

Each step takes time in proportion to the text, whatever the text is.
"""
