"""
Smart Paste, between the form and the intake.

    inputs.py     reads pasted text and uploaded files
    preview.py    what an import would do
    store.py      keeps previews and results on the server
    importing.py  imports in batches
    results.py    results for pages
"""
