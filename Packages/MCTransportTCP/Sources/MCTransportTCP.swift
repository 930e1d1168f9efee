// MCTransportTCP
