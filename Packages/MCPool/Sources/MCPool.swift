// MCPool
