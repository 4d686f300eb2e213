"""What banks and payment platforms write down: any statement file becomes accounts with their entries.

`parse.parse` is the door: it tells the format by the content, never by the name, reads the file with the
reader of that format, and looks the result over (`checks`). A reader is a pure function from bytes to a
`model.Parsed`; what it cannot read it says with the line and the reason, and nothing is left out in silence.

    camt, mt940, ofx, bai2    what the world's banks send
    exports                   what finance people download: CSV, XLS, XLSX, by profiles of their headers
"""
