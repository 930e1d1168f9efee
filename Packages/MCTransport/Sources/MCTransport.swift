// MCTransport
