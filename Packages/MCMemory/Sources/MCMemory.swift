// MCMemory
