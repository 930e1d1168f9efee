// MCTransportInproc
