"""What fails silently or confidently: detectors over what runs do. Pure; each says what it counted."""
