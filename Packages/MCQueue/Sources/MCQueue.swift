// MCQueue
