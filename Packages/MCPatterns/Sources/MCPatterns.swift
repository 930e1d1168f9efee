// MCPatterns
