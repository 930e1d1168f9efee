import Testing
@testable import MCTransportTCP
