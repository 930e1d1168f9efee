// MCCodec
