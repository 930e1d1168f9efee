import Testing
@testable import MCCodec
